// Use cases of the fleet: import units, take running reports.
#pragma once

#include <unordered_map>

#include "base/clock.h"
#include "db/database.h"
#include "fleet/import_reader.h"
#include "fleet/store.h"

namespace hf::fleet {

struct LineError {
  std::uint64_t line;
  Error error;
};

struct ImportSummary {
  std::uint64_t lines = 0, imported = 0, unchanged = 0, refused = 0;
  std::vector<LineError> errors;  // the first kLineErrorsMax
};
constexpr std::size_t kLineErrorsMax = 1000;

// Imports in chunks; each is one transaction with one ledger segment, so an interrupted import goes on where it was
// when it is run again.
class Importer {
 public:
  Importer(db::Database& database, const Clock& clock, ledger::Actor actor)
      : database_(database), clock_(clock), actor_(std::move(actor)) {}

  Result<void> add(ReadRecord record);  // an error only where the whole import cannot go on
  Result<ImportSummary> finish();
  [[nodiscard]] const ImportSummary& so_far() const { return summary_; }

 private:
  struct Line {
    std::uint64_t line;
    DeviceRecord record;
  };
  struct Chunk;  // what one transaction decided

  Result<void> flush();
  void refuse(std::uint64_t line, Error error);

  db::Database& database_;
  const Clock& clock_;
  ledger::Actor actor_;
  std::vector<Line> lines_;
  ImportSummary summary_;
};

struct ReportOutcome {
  enum { moved, unchanged, refused } what = unchanged;
  std::optional<Error> error;  // for refused: HF-FLEET-0006 unknown serial, HF-FLEET-0004 unknown build
};
// Devices say what they run; one transaction and one segment for all of them. Outcomes in the order of the reports.
Result<std::vector<ReportOutcome>> report_running(db::Database& database, const Clock& clock,
                                                  const ledger::Actor& actor,
                                                  const std::vector<RunningReport>& reports);

}  // namespace hf::fleet
