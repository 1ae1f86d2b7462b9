// The port to a database engine: one connection, used by one thread at a time. Implementations: sqlite.cpp,
// postgresql.cpp; both must pass driver_contract_test.cpp.
//
// Errors: HF-DB-0002 already exists (unique), HF-DB-0003 refers to something that is not there (foreign key),
// HF-DB-0004 refused by a rule of the schema (check, not null, append-only trigger), HF-DB-0005 storage full or
// failing, HF-DB-0006 database gone or busy, HF-DB-0001 anything else.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "db/query.h"
#include "db/value.h"

namespace hf::db {

enum class Engine { sqlite, postgresql };
enum class Access { read, write };

// Returning false ends the reading of further rows.
using RowSink = std::function<bool(const Row&)>;

class Driver {
 public:
  virtual ~Driver() = default;
  [[nodiscard]] virtual Engine engine() const = 0;
  // A statement without parameters, such as BEGIN; also scripts of several statements.
  virtual Result<void> script(std::string_view sql) = 0;
  // Runs the query; rows go to the sink. The number of rows changed (0 for a read).
  virtual Result<std::int64_t> run(const Query& query, std::span<const Value> parameters, const RowSink& sink) = 0;
  // The same statement for many parameter sets laid end to end, without results: a prepared loop or a pipeline. The
  // rows changed by all of them.
  virtual Result<std::int64_t> run_many(const Query& query, std::span<const Value> parameters, std::size_t width) = 0;
  // The plan, a line a step, without costs.
  virtual Result<std::vector<std::string>> plan(const Query& query) = 0;
  // False once the connection is lost; it is then replaced.
  [[nodiscard]] virtual bool alive() const = 0;
};

Result<std::unique_ptr<Driver>> open_sqlite(const std::string& path, Access access);
Result<std::unique_ptr<Driver>> open_postgresql(const std::string& conninfo, Access access);

}  // namespace hf::db
