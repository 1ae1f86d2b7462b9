// Recomputes everything the ledger says from its bytes: entries, indexes, tree, checkpoints, segments, proven rows.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "db/database.h"
#include "ledger/note.h"

namespace hf::ledger {

struct VerifyFinding {
  std::string where;  // "entry 17", "row product 42", "tile node 1/3", "checkpoint 300", "segment 9"
  std::string what;
};

struct VerifyReport {
  std::uint64_t entries = 0, waiting = 0, checkpoints = 0, segments = 0, events = 0, rows = 0;
  std::vector<VerifyFinding> findings;  // at most kFindingsMax; empty: all is as it was written
};
constexpr std::size_t kFindingsMax = 1000;

// Rows that the events of segments prove, not the digests of entries: devices. A domain registers how its events add up
// to its rows, and is given every event of every segment.
class EventProof {
 public:
  using Visit = std::function<void(std::int64_t segment, std::uint64_t position, const JsonObject& event)>;
  using Found = std::function<void(std::string where, std::string what)>;

  virtual ~EventProof() = default;
  virtual void event(std::int64_t segment, std::uint64_t position, const JsonObject& event) = 0;
  // After the last event. `replay` gives all events once more, to name what does not add up.
  virtual Result<void> compare(const db::Reader& reader, const std::function<Result<void>(const Visit&)>& replay,
                               const Found& found) = 0;
};
using MakeEventProof = std::unique_ptr<EventProof> (*)();
// At static initialisation, beside the domain's SQL.
struct RegisterEventProof {
  explicit RegisterEventProof(MakeEventProof make);
};

// `progress(done, total)` is called now and then. Errors only where reading itself fails.
Result<VerifyReport> verify_ledger(db::Database& database, const VerifierKey& key,
                                   const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace hf::ledger
