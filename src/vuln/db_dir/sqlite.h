// The little of SQLite that a database file of advisories needs: it is written once, by one process, and then only
// read. The server's database is another thing (src/db): it has migrations, named queries and a second engine.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hf::vuln {

class SqliteStatement {
 public:
  SqliteStatement() = default;
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  SqliteStatement& bind(int index, std::int64_t value);
  SqliteStatement& bind(int index, std::string_view text);  // not copied: must live until the next reset
  SqliteStatement& bind_blob(int index, std::string_view bytes);
  // true: a row is there. HF-VULN-0020 on damage, disk full and the like; the statement is reset after the last row.
  Result<bool> step();
  Result<void> run();  // for a statement without rows; ready to be bound again
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  [[nodiscard]] double real(int column) const { return sqlite3_column_double(statement_.get(), column); }
  SqliteStatement& bind_real(int index, double value);
  [[nodiscard]] std::string_view text(int column) const;  // valid until the next step

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Sqlite {
 public:
  enum class Mode { read, create };
  // HF-VULN-0020 if it cannot be opened. `read` takes the file as immutable: it is replaced, never changed.
  static Result<Sqlite> open(const std::filesystem::path& file, Mode mode);

  Result<void> script(const std::string& sql);
  Result<SqliteStatement> prepare(std::string_view sql);

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  explicit Sqlite(sqlite3* handle) : handle_(handle) {}
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace hf::vuln
