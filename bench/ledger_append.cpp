// Durable ledger entries a second, and the time from a commit to a proof under a signed checkpoint, beside what this
// machine's disk and SHA-256 allow, measured in the same run.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>

#include "crypto/sha256.h"
#include "crypto/token_setup.h"
#include "ledger/log.h"
#include "ledger/segment.h"
#include "support/bench.h"
#include "support/memory_key_store.h"

namespace {

using namespace hf;

const SystemClock kClock;
const ledger::Actor kActor{"bench:ledger", "bench"};
constexpr double kSeconds = 4;

void limits_of_machine(const bench::Report& report, const std::string& directory) {
  const auto path = directory + "/fsync";
  const int file = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const Bytes page(4096);
  std::vector<double> flushes;
  for (int i = 0; i < 300; ++i) {
    const bench::Stopwatch watch;
    if (::write(file, page.data(), page.size()) != ssize_t(page.size()) || ::fdatasync(file) != 0) std::exit(1);
    flushes.push_back(watch.milliseconds());
  }
  ::close(file);
  report.figure("machine: fdatasync of 4 KiB, p50", bench::percentile(flushes, 0.5), "ms");
  report.figure("machine: fdatasync of 4 KiB, p99", bench::percentile(flushes, 0.99), "ms");

  Bytes leaf(250);
  const bench::Stopwatch watch;
  std::size_t count = 0;
  for (; watch.seconds() < 1; ++count) leaf[0] = crypto::sha256({leaf})[0];
  report.figure("machine: SHA-256 of 250 bytes", double(count) / watch.seconds(), "1/s");
}

Result<ledger::EntryId> append_one(db::Database& database, int writer) {
  return ledger::write(database, kClock, kActor, [&](ledger::Transaction& transaction) {
    return transaction.append("bench.entry", {"bench:" + std::to_string(writer)},
                              {{"text", "of the size of a usual entry, some 250 bytes in all"}});
  });
}

double entries_per_second(db::Database& database, int writers) {
  std::atomic<std::size_t> count = 0;
  const bench::Stopwatch watch;
  std::vector<std::jthread> threads;
  for (int writer = 0; writer < writers; ++writer)
    threads.emplace_back([&, writer] {
      for (; watch.seconds() < kSeconds; ++count) bench::must(append_one(database, writer));
    });
  threads.clear();
  return double(count) / watch.seconds();
}

double segment_events_per_second(db::Database& database) {
  constexpr int kEvents = 10'000;
  std::size_t count = 0;
  const bench::Stopwatch watch;
  for (; watch.seconds() < kSeconds; count += kEvents)
    bench::must(ledger::write(database, kClock, kActor, [&](ledger::Transaction& transaction) -> Result<void> {
      HF_TRY(const auto entry, transaction.append("bench.segment", {}));
      HF_TRY(const auto segment, transaction.db().next_id());
      ledger::SegmentBuilder events;
      for (int i = 0; i < kEvents; ++i)
        events.add(
            R"({"at":"2026-11-25T08:00:00.000000Z","configuration":"4a1c5e0c9e0b7d5f","event":"running","product":"acme/px","serial":"A)" +
            std::to_string(count + std::size_t(i)) + R"("})");
      return events.write(transaction, entry, segment);
    }));
  return double(count) / watch.seconds();
}

// A sequencer that runs whenever something waits, as in the server, and background writers that commit 200 entries a
// second.
void time_to_proof(const bench::Report& report, ledger::Log& log) {
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t wanted = 0, published = 0;  // generations
  bool stop = false;
  const auto wake = [&] {
    const std::lock_guard lock(mutex);
    ++wanted;
    changed.notify_all();
    return wanted;
  };
  std::jthread sequencer([&] {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return stop || published < wanted; });
      if (stop) return;
      const auto generation = wanted;
      lock.unlock();
      bench::must(log.advance());
      lock.lock();
      published = generation;
      changed.notify_all();
    }
  });
  std::vector<std::jthread> background;
  for (int writer = 0; writer < 2; ++writer)
    background.emplace_back([&, writer](const std::stop_token& token) {
      while (!token.stop_requested()) {
        bench::must(append_one(log.database(), writer));
        wake();
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    });
  std::vector<double> times;
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(std::uniform_int_distribution(5, 25)(random)));
    const auto entry = bench::must(append_one(log.database(), 9));
    const bench::Stopwatch watch;
    const auto generation = wake();
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return published >= generation; });
    }
    bench::must(log.prove(entry));
    times.push_back(watch.milliseconds());
  }
  for (auto& thread : background) thread.request_stop();
  background.clear();
  {
    const std::lock_guard lock(mutex);
    stop = true;
    changed.notify_all();
  }
  report.figure("commit to proof under a signed checkpoint, 200 entries/s beside, p50", bench::percentile(times, 0.5),
                "ms", bench::at_most(10));
  report.figure("commit to proof under a signed checkpoint, 200 entries/s beside, p99", bench::percentile(times, 0.99),
                "ms");
}

}  // namespace

int main() {
  bench::Report report("ledger_append");
  bench::on_both_engines(report, [&](db::Database& database, const std::string& directory) {
    if (database.engine() == db::Engine::sqlite) limits_of_machine(report, directory);
    report.figure("durable entries, one a transaction, 1 writer", entries_per_second(database, 1), "1/s");
    report.figure("durable entries, one a transaction, 16 writers (group commit)", entries_per_second(database, 16),
                  "1/s");
    report.figure("durable segment events, 10,000 a transaction", segment_events_per_second(database), "1/s",
                  bench::at_least(100'000));

    test::MemoryKeyStore memory;
    std::unique_ptr<crypto::KeyStore> token;
    if (!crypto::find_soft_module().empty()) {
      const std::vector<crypto::KeySpec> keys{{std::string(crypto::kLedgerKey), crypto::KeyAlgorithm::ed25519}};
      token = bench::must(crypto::open_key_store(bench::must(crypto::set_up_soft_token(directory, keys)), keys));
    }
    crypto::KeyStore& keys = token ? *token : static_cast<crypto::KeyStore&>(memory);
    ledger::Log log(database, kClock, keys, "bench.example/log", std::string(crypto::kLedgerKey));
    const auto waiting = bench::must(database.read([](const db::Reader& reader) {
      return reader.number(db::Query{"bench.waiting", "SELECT COUNT(*) FROM ledger_outbox"});
    }));
    const bench::Stopwatch watch;
    bench::must(log.advance());
    report.figure("backlog sequenced, integrated and published", double(waiting) / watch.seconds(), "1/s");
    time_to_proof(report, log);
  });
}
