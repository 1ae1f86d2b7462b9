// Takes feeds: records, the KEV catalogue, EPSS scores.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ledger/transaction.h"
#include "portfolio/types.h"
#include "vuln/feeds/read.h"

namespace hf::portfolio {

// Takes what a feed reader hands out, in chunks; each is one transaction with its findings and its evidence, so an
// interrupted import goes on where it was when it is run again: what is stored already is recognised and left.
class FeedImporter {
 public:
  FeedImporter(db::Database& database, const Clock& clock, ledger::Actor actor, std::string source)
      : database_(database), clock_(clock), actor_(std::move(actor)), source_(std::move(source)) {}

  [[nodiscard]] vuln::FeedSink sink();
  // The last chunk, and what each feed brought: one entry.
  Result<std::map<std::string, FeedCount>> finish();
  [[nodiscard]] std::uint64_t findings() const { return findings_; }  // that changed

 private:
  Result<void> flush_advisories();
  Result<void> flush_scores(std::string_view date);
  Result<void> take_kev(const vuln::KevCatalog& catalog);

  db::Database& database_;
  const Clock& clock_;
  ledger::Actor actor_;
  std::string source_;
  std::vector<vuln::Advisory> advisories_;
  std::vector<std::pair<std::string, vuln::EpssScore>> scores_;
  std::map<std::string, FeedCount> counts_;
  std::uint64_t findings_ = 0;
};

}  // namespace hf::portfolio
