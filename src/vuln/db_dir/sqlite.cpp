#include "vuln/db_dir/sqlite.h"

namespace hf::vuln {
namespace {

auto refuse(sqlite3* handle, std::string_view what) {
  const auto code = handle == nullptr ? SQLITE_NOMEM : sqlite3_errcode(handle);
  const bool full = code == SQLITE_FULL;
  return fail(
      full ? ErrorKind::unavailable : ErrorKind::invalid, "HF-VULN-0020",
      full ? "the disk is full" : "the advisory database cannot be used: " + std::string(what) + "; build it again",
      handle == nullptr ? "out of memory" : sqlite3_errmsg(handle));
}

// A file name as an SQLite URI (RFC 3986 path): '?', '#' and '%' would be read as parts of it.
std::string uri_of(const std::filesystem::path& file, std::string_view query) {
  std::string uri = "file:";
  for (const char c : file.string()) {
    if (c == '?') uri += "%3f";
    else if (c == '#') uri += "%23";
    else if (c == '%') uri += "%25";
    else uri += c;
  }
  return uri + std::string(query);
}

}  // namespace

SqliteStatement& SqliteStatement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}
SqliteStatement& SqliteStatement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return *this;
}
SqliteStatement& SqliteStatement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(), SQLITE_STATIC);
  return *this;
}
SqliteStatement& SqliteStatement::bind_real(int index, double value) {
  sqlite3_bind_double(statement_.get(), index, value);
  return *this;
}

Result<bool> SqliteStatement::step() {
  const auto code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(statement_.get());
    return false;
  }
  auto error = refuse(sqlite3_db_handle(statement_.get()), "reading or writing failed");
  sqlite3_reset(statement_.get());
  return error;
}

Result<void> SqliteStatement::run() {
  HF_TRY(const bool row, step());
  if (row) reset();
  return {};
}

void SqliteStatement::reset() { sqlite3_reset(statement_.get()); }

std::string_view SqliteStatement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  return {bytes == nullptr ? "" : bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<Sqlite> Sqlite::open(const std::filesystem::path& file, Mode mode) {
  sqlite3* handle = nullptr;
  const bool read = mode == Mode::read;
  const int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                    (read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int code = sqlite3_open_v2(uri_of(file, read ? "?immutable=1" : "").c_str(), &handle, flags, nullptr);
  Sqlite database(handle);
  if (code != SQLITE_OK) return refuse(handle, "it does not open");
  return database;
}

Result<void> Sqlite::script(const std::string& sql) {
  if (sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return refuse(handle_.get(), "it refuses a statement");
  return {};
}

Result<SqliteStatement> Sqlite::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr) != SQLITE_OK)
    return refuse(handle_.get(), "it has not the tables that this version reads");
  return SqliteStatement(statement);
}

}  // namespace hf::vuln
