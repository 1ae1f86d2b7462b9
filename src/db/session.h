// What a store sees: Reader selects, Writer also changes. A store never sees a connection or a commit.
#pragma once

#include <array>
#include <optional>
#include <type_traits>
#include <vector>

#include "db/driver.h"

namespace hf::db {

class Reader {
 public:
  explicit Reader(Driver& driver) : driver_(driver) {}
  [[nodiscard]] Engine engine() const { return driver_.engine(); }

  // Every row through `read`, in order.
  template <class Read, class... Parameters>
  auto select(const Query& query, Read read, const Parameters&... parameters) const
      -> Result<std::vector<std::invoke_result_t<Read, const Row&>>> {
    std::vector<std::invoke_result_t<Read, const Row&>> rows;
    HF_CHECK(run(
        query, [&](const Row& row) { return rows.push_back(read(row)), true; }, parameters...));
    return rows;
  }

  // The first row, if there is one.
  template <class Read, class... Parameters>
  auto find(const Query& query, Read read, const Parameters&... parameters) const
      -> Result<std::optional<std::invoke_result_t<Read, const Row&>>> {
    std::optional<std::invoke_result_t<Read, const Row&>> found;
    HF_CHECK(run(
        query, [&](const Row& row) { return found.emplace(read(row)), false; }, parameters...));
    return found;
  }

  // Each row to `visit`, which returns false to stop; for results that do not belong in memory.
  template <class Visit, class... Parameters>
  Result<void> each(const Query& query, Visit visit, const Parameters&... parameters) const {
    HF_CHECK(run(query, RowSink(std::move(visit)), parameters...));
    return {};
  }

  // One 64-bit integer, 0 when there is no row or it is NULL.
  template <class... Parameters>
  Result<std::int64_t> number(const Query& query, const Parameters&... parameters) const {
    HF_TRY(const auto found, find(
                                 query, [](const Row& row) { return row.int64_or_none(0); }, parameters...));
    return found.value_or(std::nullopt).value_or(0);
  }

 protected:
  template <class... Parameters>
  Result<std::int64_t> run(const Query& query, const RowSink& sink, const Parameters&... parameters) const {
    const std::array<Value, sizeof...(Parameters)> values{to_value(parameters)...};
    return driver_.run(query, values, sink);
  }
  Driver& driver() const { return driver_; }

 private:
  Driver& driver_;
};

// Hands out 64-bit ids, unique in the database, in blocks: a block is one row update.
class IdBlock {
 public:
  Result<std::int64_t> next(Driver& driver);
  void discard() { next_ = end_ = 0; }

 private:
  std::int64_t next_ = 0, end_ = 0;
};

class Writer : public Reader {
 public:
  Writer(Driver& driver, IdBlock& ids) : Reader(driver), ids_(ids) {}

  // Rows changed.
  template <class... Parameters>
  Result<std::int64_t> execute(const Query& query, const Parameters&... parameters) const {
    return run(query, nullptr, parameters...);
  }
  // Rows changed.
  Result<std::int64_t> execute_many(const Query& query, std::span<const Value> parameters, std::size_t width) const {
    return driver().run_many(query, parameters, width);
  }
  Result<void> script(std::string_view sql) const { return driver().script(sql); }  // migrations only
  // Waits until no other process holds `key`, and holds it to the end of the transaction. For what must exclude more
  // than other writers, which Database does anyway. SQLite's write lock is enough.
  Result<void> lock(std::int64_t key) const {
    if (engine() == Engine::sqlite) return {};
    return driver().script("SELECT pg_advisory_xact_lock(" + std::to_string(key) + ")");
  }
  Result<std::int64_t> next_id() const { return ids_.next(driver()); }

 private:
  IdBlock& ids_;
};

}  // namespace hf::db
