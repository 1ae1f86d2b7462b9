// Recomputes everything the ledger says from its bytes: entries, indexes, tree, checkpoints, segments, proven rows.
#pragma once

#include <functional>
#include <string>
#include <vector>

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

// `progress(done, total)` is called now and then. Errors only where reading itself fails.
Result<VerifyReport> verify_ledger(db::Database& database, const VerifierKey& key,
                                   const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace hf::ledger
