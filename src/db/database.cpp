#include "db/database.h"

#include <algorithm>

#include "db/migrate.h"

namespace hf::db {
namespace {

constexpr std::int64_t kIdBlock = 1024;
constexpr std::size_t kGroupMax = 256;  // jobs a commit; bounds how long the first of them waits

const Query kReserveIds{"db.reserve_ids", R"sql(
    UPDATE id_counter SET next = next + $1 WHERE single = 1 RETURNING next)sql"};

const Query kText{"db.text.postgresql", R"sql(
    SELECT CASE WHEN 'a' < 'B' THEN 0 ELSE 1 END, CASE WHEN pg_catalog.current_setting('server_encoding') = 'UTF8' THEN 1 ELSE 0 END)sql"};

// Prefixes are looked for as ranges and lists go on after a text: both need the order of bytes, which SQLite has.
Result<void> check_text(Driver& driver) {
  bool fits = false;
  HF_CHECK(driver.run(kText, {}, [&](const Row& row) { return fits = row.int64(0) == 1 && row.int64(1) == 1, false; }));
  if (fits) return {};
  return fail(ErrorKind::invalid, "HF-DB-0013",
              "the PostgreSQL database must hold UTF-8 and sort by bytes; make it with "
              "CREATE DATABASE holdfast TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
}

}  // namespace

Result<std::int64_t> IdBlock::next(Driver& driver) {
  if (next_ == end_) {
    std::int64_t end = 0;
    const std::array<Value, 1> count{kIdBlock};
    HF_CHECK(driver.run(kReserveIds, count, [&](const Row& row) { return end = row.int64(0), true; }));
    end_ = end, next_ = end - kIdBlock;
  }
  return next_++;
}

Result<Location> Location::parse(std::string_view text) {
  if (text.starts_with("sqlite:") && text.size() > 7) return Location{Engine::sqlite, std::string(text.substr(7))};
  if (text.starts_with("postgresql://") || text.starts_with("postgres://") || text.find('=') != std::string_view::npos)
    return Location{Engine::postgresql, std::string(text)};
  return fail(ErrorKind::invalid, "HF-DB-0007", "a database is named sqlite:PATH or postgresql://HOST/NAME");
}

Result<std::unique_ptr<Database>> Database::open_unchecked(const Location& location) {
  std::unique_ptr<Database> database(new Database(location));
  HF_TRY(database->writer_, database->connect(Access::write));
  if (location.engine == Engine::postgresql) HF_CHECK(check_text(*database->writer_));
  return database;
}

Result<std::unique_ptr<Database>> Database::open(const Location& location) {
  HF_TRY(auto database, open_unchecked(location));
  HF_TRY(const auto pending, database->read([](const Reader& reader) { return pending_migrations(reader); }));
  if (!pending.empty())
    return fail(ErrorKind::unavailable, "HF-DB-0008",
                "the database has another schema than this holdfast; run 'holdfast db migrate'",
                std::to_string(pending.size()) + " migrations pending, first " + pending.front().name);
  return database;
}

Result<std::unique_ptr<Driver>> Database::connect(Access access) const {
  return location_.engine == Engine::sqlite ? open_sqlite(location_.target, access)
                                            : open_postgresql(location_.target, access);
}

std::shared_ptr<Driver> Database::idle_reader() {
  const std::lock_guard lock(readers_mutex_);
  if (readers_.empty()) return nullptr;
  auto connection = std::move(readers_.back());
  readers_.pop_back();
  return connection;
}

Result<std::shared_ptr<Driver>> Database::borrow_snapshot() {
  const auto begin = [](Driver& driver) {
    return driver.script(driver.engine() == Engine::sqlite ? "BEGIN"
                                                           : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  };
  // A connection that broke while it lay idle, because the server was restarted, shows it only now: nobody is to
  // suffer.
  while (auto connection = idle_reader()) {
    auto begun = begin(*connection);
    if (begun) return connection;
    if (!connection->alive()) continue;
    give_back(std::move(connection));
    return fail(std::move(begun).error());
  }
  HF_TRY(auto fresh, connect(Access::read));
  HF_CHECK(begin(*fresh));
  return std::shared_ptr<Driver>(std::move(fresh));
}

void Database::give_back(std::shared_ptr<Driver> connection) {
  if (!connection->alive()) return;
  (void)connection->script("ROLLBACK");  // after an error; no effect after COMMIT but a notice
  const std::lock_guard lock(readers_mutex_);
  readers_.push_back(std::move(connection));
}

// The first waiting thread leads: it runs everything that queued up, while later ones queue for the next group.
Result<void> Database::commit(const Job& job, Durability durability) {
  Waiting mine{job, durability, {}, false};
  std::unique_lock lock(queue_mutex_);
  queue_.push_back(&mine);
  for (;;) {
    group_done_.wait(lock, [&] { return mine.done || !leading_; });
    if (mine.done) return std::move(mine.outcome);
    leading_ = true;
    const auto last = queue_.begin() + std::ptrdiff_t(std::min(queue_.size(), kGroupMax));
    const std::vector<Waiting*> group(queue_.begin(), last);
    queue_.erase(queue_.begin(), last);
    lock.unlock();
    run_group(group);
    // Not when nothing was kept: who tries again because it was told would never rest.
    if (std::any_of(group.begin(), group.end(), [](const auto* waiting) { return waiting->outcome.has_value(); }))
      tell();
    lock.lock();
    for (auto* waiting : group) waiting->done = true;
    leading_ = false;
    group_done_.notify_all();
  }
}

void Database::on_commit(std::function<void()> tell) {
  const std::lock_guard lock(tell_mutex_);
  tell_ = std::move(tell);
}

void Database::tell() {
  const std::lock_guard lock(tell_mutex_);
  if (tell_) tell_();
}

void Database::run_group(const std::vector<Waiting*>& group) {
  if (auto done = run_jobs(group); !done) {
    // The group's transaction itself failed: nobody was acknowledged, everybody hears why.
    ids_.discard();
    if (writer_ && writer_->alive()) (void)writer_->script("ROLLBACK");
    for (auto* waiting : group) waiting->outcome = fail(done.error());
  }
}

Result<void> Database::begin_group() {
  // One group at a time, whatever process it is of: entries then have one order, in which each sees all before it, and
  // groups cannot deadlock. IMMEDIATE takes SQLite's write lock at once, instead of failing when a read turns into a
  // write; the advisory lock, released after the commit, is its like (hashed: schemas of one server are apart).
  const auto begin = [&] {
    return writer_->script(writer_->engine() == Engine::sqlite
                               ? "BEGIN IMMEDIATE"
                               : "BEGIN; SELECT pg_advisory_xact_lock(7306, hashtext(current_schema()))");
  };
  if (writer_ && writer_->alive()) {
    auto begun = begin();
    if (begun || writer_->alive()) return begun;  // else it broke while nobody wrote, and nothing was done with it
  }
  HF_TRY(writer_, connect(Access::write));
  ids_.discard();
  return begin();
}

Result<void> Database::run_jobs(const std::vector<Waiting*>& group) {
  HF_CHECK(begin_group());
  auto& driver = *writer_;
  Writer writer(driver, ids_);
  // A transaction of one job is its own savepoint. SQLite then keeps no second copy of each page that a large job
  // changes; PostgreSQL needs the savepoint to tell a job that went on after an error, which its COMMIT would drop in
  // silence.
  const bool alone = group.size() == 1 && driver.engine() == Engine::sqlite;
  for (auto* waiting : group) {
    if (!alone) HF_CHECK(driver.script("SAVEPOINT job"));
    waiting->outcome = waiting->job(writer);
    if (waiting->outcome) {
      if (!alone) HF_CHECK(driver.script("RELEASE SAVEPOINT job"));
      continue;
    }
    ids_.discard();  // the block may have been reserved by the very job that is undone
    if (alone) return driver.script("ROLLBACK");
    HF_CHECK(driver.script("ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job"));
  }
  // SQLite's switch is not one of a transaction, and its flush is of one file.
  const bool derived = std::all_of(group.begin(), group.end(),
                                   [](const auto* waiting) { return waiting->durability == Durability::derived; });
  return driver.script(derived && driver.engine() == Engine::postgresql ? "SET LOCAL synchronous_commit = off; COMMIT"
                                                                        : "COMMIT");
}

}  // namespace hf::db
