#include <sqlite3.h>

#include <charconv>
#include <unordered_map>

#include "db/driver.h"

namespace hf::db {
namespace {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using StatementPtr = std::unique_ptr<sqlite3_stmt, Finalize>;

auto error_of(sqlite3* handle, std::string_view what) {
  const int code = sqlite3_extended_errcode(handle);
  std::string detail = std::string(what) + ": " + sqlite3_errmsg(handle);
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return fail(ErrorKind::conflict, "HF-DB-0002", "this already exists", std::move(detail));
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return fail(ErrorKind::conflict, "HF-DB-0003", "this refers to something that does not exist", std::move(detail));
    default: break;
  }
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return fail(ErrorKind::invalid, "HF-DB-0004", "a rule of the database schema refuses this", std::move(detail));
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail(ErrorKind::unavailable, "HF-DB-0005", "the database storage is full or failing; nothing was changed",
                  std::move(detail));
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_CANTOPEN:
      return fail(ErrorKind::unavailable, "HF-DB-0006", "the database cannot be reached now; try again",
                  std::move(detail));
    default: return fail(ErrorKind::internal, "HF-DB-0001", "the database refused a statement", std::move(detail));
  }
}

class Sqlite final : public Driver {
 public:
  explicit Sqlite(sqlite3* handle) : handle_(handle) {}
  ~Sqlite() override {
    statements_.clear();
    sqlite3_close(handle_);
  }

  Engine engine() const override { return Engine::sqlite; }
  bool alive() const override { return true; }

  Result<void> script(std::string_view sql) override {
    if (sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
      return error_of(handle_, sql.substr(0, 200));
    return {};
  }

  Result<std::int64_t> run(const Query& query, std::span<const Value> parameters, const RowSink& sink) override {
    HF_TRY(auto* statement, prepared(query));
    const Reset reset{statement->handle.get()};
    HF_CHECK(bind(*statement, query, parameters));
    const auto changes_before = sqlite3_total_changes64(handle_);
    std::vector<Value> cells(static_cast<std::size_t>(sqlite3_column_count(statement->handle.get())));
    for (;;) {
      const int code = sqlite3_step(statement->handle.get());
      if (code == SQLITE_DONE) break;
      if (code != SQLITE_ROW) return error_of(handle_, query.name());
      for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = cell(statement->handle.get(), int(i));
      if (sink && !sink(Row(cells))) break;
    }
    return sqlite3_stmt_readonly(statement->handle.get()) ? 0 : sqlite3_total_changes64(handle_) - changes_before;
  }

  Result<std::int64_t> run_many(const Query& query, std::span<const Value> parameters, std::size_t width) override {
    HF_TRY(auto* statement, prepared(query));
    const auto changes_before = sqlite3_total_changes64(handle_);
    for (std::size_t at = 0; at < parameters.size(); at += width) {
      const Reset reset{statement->handle.get()};
      HF_CHECK(bind(*statement, query, parameters.subspan(at, width)));
      int code = SQLITE_ROW;
      while (code == SQLITE_ROW) code = sqlite3_step(statement->handle.get());
      if (code != SQLITE_DONE) return error_of(handle_, query.name());
    }
    return sqlite3_total_changes64(handle_) - changes_before;
  }

  Result<std::vector<std::string>> plan(const Query& query) override {
    const auto sql = "EXPLAIN QUERY PLAN " + std::string(query.sql());
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(handle_, sql.c_str(), int(sql.size()), &raw, nullptr) != SQLITE_OK)
      return error_of(handle_, query.name());
    const StatementPtr statement(raw);
    std::vector<std::string> lines;
    while (sqlite3_step(raw) == SQLITE_ROW)
      lines.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(raw, 3)));
    return lines;
  }

 private:
  struct Statement {
    StatementPtr handle;
    std::vector<int> positions;  // of $1, $2, ...: SQLite numbers them by first appearance
  };
  struct Reset {
    sqlite3_stmt* statement;
    ~Reset() {
      sqlite3_reset(statement);
      sqlite3_clear_bindings(statement);
    }
  };

  Result<Statement*> prepared(const Query& query) {
    if (const auto found = statements_.find(&query); found != statements_.end()) return &found->second;
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v3(handle_, query.sql().data(), int(query.sql().size()), SQLITE_PREPARE_PERSISTENT, &raw,
                           nullptr) != SQLITE_OK)
      return error_of(handle_, query.name());
    Statement statement{StatementPtr(raw), {}};
    for (int n = 1;; ++n) {
      const int position = sqlite3_bind_parameter_index(raw, ("$" + std::to_string(n)).c_str());
      if (position == 0) break;
      statement.positions.push_back(position);
    }
    return &statements_.emplace(&query, std::move(statement)).first->second;
  }

  Result<void> bind(const Statement& statement, const Query& query, std::span<const Value> parameters) {
    if (parameters.size() != statement.positions.size())
      return fail(ErrorKind::internal, "HF-DB-0001", "the database refused a statement",
                  std::string(query.name()) + " takes " + std::to_string(statement.positions.size()) +
                      " parameters, not " + std::to_string(parameters.size()));
    auto* raw = statement.handle.get();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const int at = statement.positions[i];
      int code = SQLITE_OK;
      if (const auto* integer = std::get_if<std::int64_t>(&parameters[i])) code = sqlite3_bind_int64(raw, at, *integer);
      else if (const auto* text = std::get_if<std::string_view>(&parameters[i]))
        code = sqlite3_bind_text64(raw, at, text->data() ? text->data() : "", text->size(), SQLITE_STATIC, SQLITE_UTF8);
      else if (const auto* blob = std::get_if<ByteView>(&parameters[i]))
        code = blob->empty() ? sqlite3_bind_zeroblob(raw, at, 0)
                             : sqlite3_bind_blob64(raw, at, blob->data(), blob->size(), SQLITE_STATIC);
      else code = sqlite3_bind_null(raw, at);
      if (code != SQLITE_OK) return error_of(handle_, query.name());
    }
    return {};
  }

  static Value cell(sqlite3_stmt* statement, int column) {
    const auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(statement, column)); };
    switch (sqlite3_column_type(statement, column)) {
      case SQLITE_INTEGER: return std::int64_t{sqlite3_column_int64(statement, column)};
      case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
        return std::string_view(text, size());
      }
      case SQLITE_BLOB: {
        const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, column));
        return ByteView(bytes, size());
      }
      default: return std::monostate{};
    }
  }

  sqlite3* handle_;
  std::unordered_map<const Query*, Statement> statements_;
};

}  // namespace

Result<std::unique_ptr<Driver>> open_sqlite(const std::string& path, Access access) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | (access == Access::write ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path.c_str(), &handle, flags, nullptr) != SQLITE_OK) {
    auto error = error_of(handle, path);
    sqlite3_close(handle);
    return error;
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 10'000);
  auto driver = std::make_unique<Sqlite>(handle);
  // FULL: an acknowledged commit survives a power cut. WAL: readers never wait for the writer.
  std::string setup =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
      "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 268435456; PRAGMA cache_size = -65536;";
  // A writer of bulk data touches pages all over an index: it keeps them in memory, and a checkpoint after 64 MiB
  // writes them once to the file, not after each commit.
  setup += access == Access::read ? "PRAGMA query_only = ON;"
                                  : "PRAGMA cache_size = -262144; PRAGMA wal_autocheckpoint = 16384;";
  HF_CHECK(driver->script(setup));
  return driver;
}

}  // namespace hf::db
