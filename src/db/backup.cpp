#include "db/backup.h"

#include <fcntl.h>
#include <spawn.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

extern char** environ;

namespace hf::db {
namespace fs = std::filesystem;
namespace {

const Query kSchema{"db.current_schema.postgresql", "SELECT CAST(current_schema() AS TEXT)"};
const Query kTables{"db.tables_of_schema.postgresql",
                    "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"};

auto failed(std::string detail) {
  return fail(ErrorKind::unavailable, "HF-DB-0010", "the database could not be copied", std::move(detail));
}
auto not_empty(const std::string& what) {
  return fail(ErrorKind::conflict, "HF-DB-0012",
              "a backup is restored only to where nothing is; " + what + " is not empty");
}

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
using HandlePtr = std::unique_ptr<sqlite3, Close>;

Result<HandlePtr> open_handle(const std::string& path, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  HandlePtr handle(raw);
  if (code != SQLITE_OK) return failed(path + ": " + (raw ? sqlite3_errmsg(raw) : "no memory"));
  sqlite3_busy_timeout(raw, 10'000);
  return handle;
}

Result<void> copy_sqlite(const std::string& from, const std::string& to) {
  // READWRITE: a reader of a WAL database takes part in its shared memory. All pages in one step: one snapshot, which
  // in WAL mode holds up no writer.
  HF_TRY(const auto source, open_handle(from, SQLITE_OPEN_READWRITE));
  HF_TRY(const auto target, open_handle(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  auto* backup = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (!backup) return failed(sqlite3_errmsg(target.get()));
  const int code = sqlite3_backup_step(backup, -1);
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) return failed(sqlite3_errstr(code));
  return {};
}

// Debian keeps the versions apart; the newest can read what an older server has.
std::string find_program(const std::string& name) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", ignored))
    if (fs::exists(version.path() / "bin" / name, ignored)) found.push_back(version.path() / "bin" / name);
  if (!found.empty()) return std::max_element(found.begin(), found.end())->string();
  if (const char* path = std::getenv("PATH"))
    for (const auto folder : split(path, ':'))
      if (const auto program = fs::path(folder) / name; !folder.empty() && ::access(program.c_str(), X_OK) == 0)
        return program.string();
  return {};
}

Result<void> run_program(const std::string& name, std::vector<std::string> words,
                         const std::string& standard_output = "/dev/null") {
  const auto program = find_program(name);
  if (program.empty())
    return fail(ErrorKind::unavailable, "HF-DB-0011",
                "'" + name + "' is not installed; on Debian: apt-get install postgresql-client");
  words.insert(words.begin(), name);
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  char errors[] = "/tmp/hf-db.XXXXXX";
  const int log = ::mkstemp(errors);
  if (log < 0) return failed("no temporary file");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, standard_output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, log, 2);
  pid_t child = 0;
  const int spawned = posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(log);
  int status = 0;
  const bool waited = spawned == 0 && waitpid(child, &status, 0) == child;
  std::ostringstream said;
  said << std::ifstream(errors).rdbuf();
  ::unlink(errors);
  if (!waited || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return failed(name + ": " + said.str().substr(0, 4096));
  return {};
}

// The table of contents without the schema itself, which is there already.
Result<void> write_contents_list(const std::string& dump, const std::string& list) {
  HF_CHECK(run_program("pg_restore", {"--list", dump}, list + ".all"));
  std::ifstream all(list + ".all");
  std::ofstream kept(list);
  for (std::string line; std::getline(all, line);)
    if (line.find(" SCHEMA - ") == std::string::npos) kept << line << "\n";
  kept.flush();
  ::unlink((list + ".all").c_str());
  if (!kept) return failed(list);
  return {};
}

}  // namespace

Result<void> copy_to_file(Database& database, const std::string& file) {
  if (fs::exists(file)) return not_empty(file);
  const auto& location = database.location();
  if (location.engine == Engine::sqlite) return copy_sqlite(location.target, file);
  HF_TRY(const auto schema, database.read([](const Reader& reader) {
    return reader.find(kSchema, [](const Row& row) { return row.string(0); });
  }));
  return run_program("pg_dump",
                     {"--format=custom", "--no-owner", "--no-privileges", "--schema=" + schema.value_or("public"),
                      "--file=" + file, "--dbname=" + location.target});
}

Result<void> fill_from_file(const Location& location, const std::string& file) {
  if (location.engine == Engine::sqlite) {
    for (const auto* suffix : {"", "-wal", "-shm"})
      if (fs::exists(location.target + suffix)) return not_empty(location.target + suffix);
    return copy_sqlite(file, location.target);
  }
  {
    HF_TRY(const auto database, Database::open_unchecked(location));
    HF_TRY(const auto tables, database->read([](const Reader& reader) { return reader.number(kTables); }));
    if (tables > 0) return not_empty("the schema of this database");
  }
  const auto list = file + ".list";
  HF_CHECK(write_contents_list(file, list));
  const auto restored =
      run_program("pg_restore", {"--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
                                 "--use-list=" + list, "--dbname=" + location.target, file});
  ::unlink(list.c_str());
  return restored;
}

Result<std::vector<std::string>> engine_findings(const Location& location) {
  std::vector<std::string> findings;
  if (location.engine != Engine::sqlite) return findings;
  HF_TRY(const auto handle, open_handle(location.target, SQLITE_OPEN_READWRITE));
  for (const std::string pragma : {"PRAGMA integrity_check(100)", "PRAGMA foreign_key_check"}) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle.get(), pragma.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      findings.push_back(std::string("database: ") + sqlite3_errmsg(handle.get()));
      continue;
    }
    int code = SQLITE_ROW;
    while (findings.size() < 100 && (code = sqlite3_step(statement)) == SQLITE_ROW) {
      std::string text;
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const auto* cell = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        text += (i ? " " : "") + std::string(cell ? cell : "");
      }
      if (text != "ok")
        findings.push_back(pragma.substr(7, 9) == "integrity" ? "database: " + text
                                                              : "reference to nothing (table, row, parent): " + text);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
      findings.push_back(std::string("database: ") + sqlite3_errmsg(handle.get()));
    sqlite3_finalize(statement);
  }
  return findings;
}

}  // namespace hf::db
