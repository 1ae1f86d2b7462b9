// Is an installation whole? Everything that can be recomputed is.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "instance/instance.h"
#include "ledger/verify.h"

namespace hf::instance {

struct InstallationReport {
  std::vector<std::string> checks;    // what was looked at: "ledger: 17 entries ..."
  std::vector<std::string> findings;  // empty: all is well
};

// Engine (pages, indexes, references), rows that contradict each other (db::Check), blobs against their names, and the
// ledger with every proven row. Errors only where reading itself fails.
Result<InstallationReport> check(Instance& instance, const ledger::VerifierKey& key,
                                 const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

}  // namespace hf::instance
