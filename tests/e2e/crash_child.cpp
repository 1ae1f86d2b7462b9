// hf_crash_child sqlite|postgresql TARGET: writes until it is killed, and says on standard output what was
// acknowledged:
//   E <entry> <thing>            an entry with its row
//   S <entry> <segment>          an entry with a segment of events
//   C <tree size> <root, hex>    a published checkpoint
#include <unistd.h>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "e2e/crash.h"
#include "ledger/log.h"
#include "ledger/segment.h"
#include "support/memory_key_store.h"

namespace {

using namespace hf;

const db::Query kInsertThing{"test.crash.insert_thing",
                             "INSERT INTO thing (thing_id, entry_id, name) VALUES ($1, $2, $3)"};

// One write(2) a line: whole, or not at all.
void say(const std::string& line) {
  if (::write(STDOUT_FILENO, line.data(), line.size()) != ssize_t(line.size())) std::_Exit(3);
}

template <class T>
T or_die(Result<T> result) {
  if (result) return *std::move(result);
  std::cerr << result.error().code << " " << result.error().message << " " << result.error().detail << "\n";
  std::_Exit(2);
}

void add_things(db::Database& database, const Clock& clock) {
  for (;;) {
    const auto ids =
        or_die(ledger::write(database, clock, {"user:crash", "tester"},
                             [](ledger::Transaction& t) -> Result<std::pair<std::int64_t, std::int64_t>> {
                               HF_TRY(const auto thing, t.db().next_id());
                               HF_TRY(const auto entry, t.append("thing.added", {"thing:" + std::to_string(thing)}));
                               HF_CHECK(t.db().execute(kInsertThing, thing, entry, "n" + std::to_string(thing)));
                               HF_CHECK(t.prove(entry, crash::kThing, thing));
                               return std::pair(entry.value, thing);
                             }));
    say("E " + std::to_string(ids.first) + " " + std::to_string(ids.second) + "\n");
  }
}

void add_segments(db::Database& database, const Clock& clock) {
  for (;;) {
    const auto ids =
        or_die(ledger::write(database, clock, {"system", "import"},
                             [](ledger::Transaction& t) -> Result<std::pair<std::int64_t, std::int64_t>> {
                               ledger::SegmentBuilder events;
                               for (int i = 0; i < 100; ++i)
                                 events.add(R"({"event":"registered","serial":"A)" + std::to_string(i) + R"("})");
                               HF_TRY(const auto segment, t.db().next_id());
                               HF_TRY(const auto entry, t.append("fleet.imported", {}));
                               HF_CHECK(events.write(t, entry, segment));
                               return std::pair(entry.value, segment);
                             }));
    say("S " + std::to_string(ids.first) + " " + std::to_string(ids.second) + "\n");
  }
}

void publish(db::Database& database, ledger::Log& log) {
  for (;;) {
    const auto size = or_die(log.advance());
    if (size == 0) continue;
    const auto root = or_die(
        database.read([&](const db::Reader& reader) { return ledger::root_at(ledger::Store(reader).nodes(), size); }));
    say("C " + std::to_string(size) + " " + to_hex(root) + "\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  const SystemClock clock;
  test::MemoryKeyStore keys;
  const auto engine = std::string_view(argv[1]) == "sqlite" ? db::Engine::sqlite : db::Engine::postgresql;
  const auto database = or_die(db::Database::open_unchecked({engine, argv[2]}));
  ledger::Log log(*database, clock, keys, crash::kOrigin, "ledger");
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { add_things(*database, clock); });
  threads.emplace_back([&] { add_segments(*database, clock); });
  threads.emplace_back([&] { publish(*database, log); });
  for (auto& thread : threads) thread.join();
}
