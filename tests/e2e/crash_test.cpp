// kill -9 at random moments under load: nothing that was acknowledged is lost, every checkpoint ever shown is of the
// same log, and everything verifies. HF_CRASH_KILLS says how often (default 12 an engine).
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <random>
#include <set>
#include <sstream>

#include "e2e/crash.h"
#include "ledger/log.h"
#include "ledger/verify.h"
#include "support/memory_key_store.h"
#include "support/test_database.h"

extern char** environ;

namespace hf {
namespace {

const db::Query kHasThing{"test.crash.has_thing", "SELECT COUNT(*) FROM thing WHERE thing_id = $1 AND entry_id = $2"};

int kills() {
  const char* wanted = std::getenv("HF_CRASH_KILLS");
  return wanted ? std::atoi(wanted) : 12;
}

struct Acknowledged {
  char kind;  // E, S or C
  std::int64_t first;
  std::string second;
};

// A writer with its standard output in a pipe.
class Child {
 public:
  explicit Child(const db::Location& location) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::string program = HF_CRASH_CHILD, engine = location.engine == db::Engine::sqlite ? "sqlite" : "postgresql",
                target = location.target;
    char* argv[] = {program.data(), engine.data(), target.data(), nullptr};
    if (posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv, environ) != 0) pid_ = 0;
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    from_ = ends[0];
  }
  ~Child() {
    kill();
    ::close(from_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] bool started() const { return pid_ > 0; }
  // Until `lines` lines are there, or the child ended.
  void read_lines(std::size_t lines) {
    while (std::size_t(std::count(text_.begin(), text_.end(), '\n')) < lines && read_some()) {}
  }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
    pid_ = 0;
  }
  [[nodiscard]] bool was_killed() const { return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL; }
  std::vector<Acknowledged> acknowledged() {
    while (read_some()) {}
    std::vector<Acknowledged> list;
    std::istringstream in(text_.substr(0, text_.rfind('\n') + 1));
    for (Acknowledged item{}; in >> item.kind >> item.first >> item.second;) list.push_back(item);
    return list;
  }

 private:
  bool read_some() {
    char piece[1 << 16];
    const auto got = ::read(from_, piece, sizeof piece);
    if (got > 0) text_.append(piece, std::size_t(got));
    return got > 0;
  }

  pid_t pid_ = 0;
  int from_ = -1, status_ = 0;
  std::string text_;
};

class Crash : public test::DatabaseTest {
 protected:
  Crash() {
    const auto made = database_->write([](db::Writer& writer) { return writer.script(crash::kTable); });
    EXPECT_TRUE(made) << made.error().detail;
  }
  ledger::VerifierKey key() {
    const SystemClock clock;
    return ledger::Log(*database_, clock, keys_, crash::kOrigin, "ledger").verifier_key().value();
  }

  void expect_all_there(const std::vector<Acknowledged>& acknowledged) {
    const auto looked = database_->read([&](const db::Reader& reader) -> Result<void> {
      const ledger::Store store(reader);
      for (const auto& item : acknowledged) {
        if (item.kind == 'C') {
          const auto root = ledger::root_at(store.nodes(), std::uint64_t(item.first));
          EXPECT_TRUE(root) << "the tree lost its checkpoint " << item.first;
          if (root) {
            EXPECT_EQ(to_hex(*root), item.second) << "the log has forked at " << item.first;
          }
          continue;
        }
        HF_TRY(const auto entry, store.entry({item.first}));
        EXPECT_TRUE(entry) << "lost entry " << item.first;
        const std::int64_t id = std::strtoll(item.second.c_str(), nullptr, 10);
        if (item.kind == 'S') {
          HF_TRY(const auto segment, store.segment(id));
          EXPECT_TRUE(segment && segment->entry.value == item.first) << "lost segment " << id;
        } else {
          HF_TRY(const auto things, reader.number(kHasThing, id, item.first));
          EXPECT_EQ(things, 1) << "lost row " << id;
        }
      }
      return {};
    });
    ASSERT_TRUE(looked) << looked.error().detail;
  }
  void expect_verified() {
    const auto report = ledger::verify_ledger(*database_, key());
    ASSERT_TRUE(report) << report.error().detail;
    for (const auto& finding : report->findings) ADD_FAILURE() << finding.where << ": " << finding.what;
  }

  test::MemoryKeyStore keys_;
};
HF_BOTH_ENGINES(Crash);

TEST_P(Crash, AKilledWriterLosesNothingItAcknowledgedAndForksNothing) {
  std::mt19937 random(20261123);
  std::vector<Acknowledged> all;
  for (int round = 0; round < kills(); ++round) {
    Child child(where_.location());
    ASSERT_TRUE(child.started());
    child.read_lines(1 + random() % 40);
    for (auto spin = random() % 3'000'000; spin > 0; --spin)
      asm volatile("");  // not only just after an acknowledgement
    child.kill();
    ASSERT_TRUE(child.was_killed()) << "the writer failed by itself in round " << round;
    const auto acknowledged = child.acknowledged();
    EXPECT_FALSE(acknowledged.empty());
    all.insert(all.end(), acknowledged.begin(), acknowledged.end());
    expect_all_there(acknowledged);
    expect_verified();
    if (HasFailure()) FAIL() << "after kill " << round + 1;
  }
  expect_all_there(all);

  // And the log goes on.
  const SystemClock clock;
  ledger::Log log(*database_, clock, keys_, crash::kOrigin, "ledger");
  const auto size = log.advance();
  ASSERT_TRUE(size) << size.error().message;
  const auto waiting = ledger::verify_ledger(*database_, key()).value().waiting;
  EXPECT_EQ(waiting, 0U);
}

}  // namespace
}  // namespace hf
