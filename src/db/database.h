// One database: read snapshots from a pool, and one writer with group commit.
//
// Jobs of concurrent writers share a transaction and so its flush to disk; each job has its own savepoint, so one
// that fails leaves no trace and disturbs no other. write() returns after the commit: what it acknowledged survives
// kill -9 and power loss.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "db/session.h"

namespace hf::db {

// "sqlite:PATH", or a libpq connection string: "postgresql://..." or "host=... dbname=...". Keep passwords in a
// password file (libpq's PGPASSFILE), never in the location.
struct Location {
  Engine engine;
  std::string target;
  static Result<Location> parse(std::string_view text);  // HF-DB-0007
};

enum class Durability {
  flushed,  // what is acknowledged is on the disk
  derived,  // it may be lost with the power, because it is made again, and the same, from what is on the disk
};

class Database {
 public:
  // Opens, and checks that the schema is the one of this binary (HF-DB-0008: run `holdfast db migrate`).
  static Result<std::unique_ptr<Database>> open(const Location& location);
  // Opens whatever schema is there; for migrations and tests. HF-DB-0013: a PostgreSQL that does not hold UTF-8 or does
  // not sort by bytes.
  static Result<std::unique_ptr<Database>> open_unchecked(const Location& location);

  [[nodiscard]] Engine engine() const { return location_.engine; }
  [[nodiscard]] const Location& location() const { return location_; }

  // Runs `query(Reader&)`, which returns a Result, on one snapshot.
  template <class F>
  auto read(F&& query) -> std::invoke_result_t<F, const Reader&> {
    HF_TRY(auto connection, borrow_snapshot());
    const Borrowed give_back{*this, connection};
    auto result = query(Reader(*connection));
    HF_CHECK(connection->script("COMMIT"));
    return result;
  }

  // Runs `job(Writer&)`, which returns a Result, and commits it, or leaves no trace of it.
  template <class F>
  auto write(F&& job, Durability durability = Durability::flushed) -> std::invoke_result_t<F, Writer&> {
    std::optional<std::invoke_result_t<F, Writer&>> result;
    auto outcome = commit(
        [&](Writer& writer) -> Result<void> {
          result.emplace(job(writer));
          if (!*result) return fail(result->error());
          return {};
        },
        durability);
    if (!outcome) return fail(std::move(outcome).error());
    return std::move(*result);
  }

  // Called after commits of this process, by the thread that committed, if they kept anything; it must not block.
  // Empty: nobody is told. When it returns, the function that was there before is not running and never runs again.
  void on_commit(std::function<void()> tell);

 private:
  using Job = std::function<Result<void>(Writer&)>;
  struct Waiting {
    const Job& job;
    Durability durability;
    Result<void> outcome;
    bool done = false;
  };
  struct Borrowed {
    Database& database;
    std::shared_ptr<Driver>& connection;
    ~Borrowed() { database.give_back(std::move(connection)); }
  };

  explicit Database(Location location) : location_(std::move(location)) {}
  Result<std::unique_ptr<Driver>> connect(Access access) const;
  std::shared_ptr<Driver> idle_reader();  // null if there is none
  Result<std::shared_ptr<Driver>> borrow_snapshot();
  void give_back(std::shared_ptr<Driver> connection);
  Result<void> commit(const Job& job, Durability durability);
  void run_group(const std::vector<Waiting*>& group);
  Result<void> run_jobs(const std::vector<Waiting*>& group);
  Result<void> begin_group();
  void tell();

  Location location_;

  std::mutex readers_mutex_;
  std::vector<std::shared_ptr<Driver>> readers_;

  std::mutex queue_mutex_;
  std::condition_variable group_done_;
  std::deque<Waiting*> queue_;
  bool leading_ = false;  // a thread is committing a group
  std::unique_ptr<Driver> writer_;
  IdBlock ids_;

  std::mutex tell_mutex_;
  std::function<void()> tell_;
};

}  // namespace hf::db
