// Running reports from NDJSON: {"product": PATH, "serial": TEXT, "builds": [PATH, ...]}, one a line.
#pragma once

#include <functional>
#include <istream>

#include "fleet/service.h"

namespace hf::fleet {

struct ReportSummary {
  std::uint64_t lines = 0, moved = 0, unchanged = 0, refused = 0;
  std::vector<LineError> errors;  // the first kLineErrorsMax
};

// In chunks, each one transaction with its segment. `progress` gets the bytes read. A line that is wrong is named
// (HF-FLEET-0001 malformed; report_running's codes) and the others count.
Result<ReportSummary> take_reports(db::Database& database, const Clock& clock, const ledger::Actor& actor,
                                   std::istream& in, const std::function<void(std::uint64_t)>& progress = {});

}  // namespace hf::fleet
