// Many rows at once, past the services: for tables that a service would take hours to fill. Only here is SQL written
// for them, and each user says which service's rows it writes.
#pragma once

#include <deque>
#include <filesystem>
#include <functional>

#include "support/bench.h"

namespace hf::bench {

// Rows of one statement; keeps its own copy of the texts, and writes when there are enough.
class Rows {
 public:
  Rows(const db::Writer& writer, const db::Query& query, std::size_t width)
      : writer_(writer), query_(query), width_(width) {}
  ~Rows() { write(); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  template <class... Cells>
  void add(Cells... cells) {
    (put(std::move(cells)), ...);
    if (values_.size() >= width_ * 4000) write();
  }
  void write() {
    if (!values_.empty()) must(writer_.execute_many(query_, values_, width_));
    values_.clear();
    texts_.clear();
  }

 private:
  void put(std::string text) { values_.push_back(db::to_value(texts_.emplace_back(std::move(text)))); }
  void put(const char* text) { put(std::string(text)); }
  void put(Bytes bytes) { values_.push_back(db::to_value(bytes_of(texts_.emplace_back(text_of(bytes))))); }
  void put(std::optional<Time> time) { values_.push_back(db::to_value(time)); }
  void put(std::int64_t number) { values_.push_back(number); }
  void put(int number) { values_.push_back(std::int64_t{number}); }
  void put(bool flag) { values_.push_back(std::int64_t{flag}); }

  const db::Writer& writer_;
  const db::Query& query_;
  std::size_t width_;
  std::vector<db::Value> values_;
  std::deque<std::string> texts_;
};

inline void script(db::Database& database, std::string_view sql) {
  must(database.write([&](db::Writer& writer) { return writer.script(sql); }));
}

// Runs `fill(Writer&)` in one transaction. Foreign keys are looked at when it ends by SQLite, and not by PostgreSQL.
template <class Fill>
void in_bulk(db::Database& database, Fill fill) {
  must(database.write([&](db::Writer& writer) -> Result<void> {
    HF_CHECK(writer.script(writer.engine() == db::Engine::postgresql
                               ? "SET LOCAL session_replication_role = replica; SET LOCAL work_mem = '256MB'"
                               : "PRAGMA defer_foreign_keys = ON"));
    fill(writer);
    return {};
  }));
}

inline const db::Query kIndexSqlite{"bench.sqlite_index",
                                    "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = $1"};
inline const db::Query kIndexPostgresql{
    "bench.postgresql_index", "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexname = $1"};

// Without the index while `fill()` runs; then it is built as the schema says.
inline void without_index(db::Database& database, const std::string& name, const std::function<void()>& fill) {
  const auto& query = database.engine() == db::Engine::sqlite ? kIndexSqlite : kIndexPostgresql;
  const auto sql = must(database.read([&](const db::Reader& reader) {
    return reader.find(
        query, [](const db::Row& row) { return row.string(0); }, name);
  }));
  if (!sql) std::fprintf(stderr, "there is no index %s\n", name.c_str()), std::exit(1);
  script(database, "DROP INDEX " + name);
  fill();
  script(database, *sql);
}

inline const db::Query kSize{"bench.postgresql_size", R"sql(
    SELECT CAST(SUM(pg_total_relation_size(c.oid)) AS BIGINT) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = current_schema() AND c.relkind = 'r')sql"};

inline double size_mib(db::Database& database) {
  if (database.engine() == db::Engine::sqlite)
    return double(std::filesystem::file_size(database.location().target)) / (1U << 20);
  return double(must(database.read([](const db::Reader& reader) { return reader.number(kSize); }))) / (1U << 20);
}

}  // namespace hf::bench
