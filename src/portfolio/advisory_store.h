// Advisories, KEV, EPSS, who makes what, and the findings: all their SQL.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ledger/segment.h"
#include "portfolio/types.h"
#include "vuln/feeds/advisory.h"
#include "vuln/feeds/epss.h"
#include "vuln/feeds/kev.h"
#include "vuln/match/vendor.h"

namespace hf::portfolio {

struct StoredFinding {
  CoordinateId coordinate;
  Verdict verdict;
};

class AdvisoryStore {
 public:
  explicit AdvisoryStore(const db::Reader& reader) : db_(reader) {}

  [[nodiscard]] Result<std::vector<vuln::Advisory>> of_vulnerability(std::string_view vulnerability) const;
  // Those that share a look-up key with the coordinate.
  [[nodiscard]] Result<std::vector<vuln::Advisory>> about(CoordinateId coordinate) const;
  // Vulnerabilities with a record that has AND nodes and shares a key with a component of the build.
  [[nodiscard]] Result<std::set<std::string>> set_vulnerabilities_of_build(std::int64_t build_id) const;
  // All that is known of the makers of these products.
  [[nodiscard]] Result<vuln::ProductDictionary> dictionary(const std::vector<std::string>& lookup_keys) const;
  [[nodiscard]] Result<std::vector<StoredFinding>> open_findings(std::string_view vulnerability) const;
  [[nodiscard]] Result<std::map<std::string, Verdict>> open_findings(CoordinateId coordinate) const;  // by vulnerability
  // The CVE number of an alias, or the alias itself.
  [[nodiscard]] Result<std::string> canonical(std::string_view number) const;
  // The KEV catalogue as it stands.
  [[nodiscard]] Result<std::map<std::string, vuln::KevEntry>> kev() const;

 private:
  const db::Reader& db_;
};

enum class Stored { unchanged, added, changed };
struct StoredAdvisory {
  Stored what = Stored::unchanged;
  std::string vulnerability;
  std::string digest;
  std::string before{};                   // the vulnerability it was filed under; empty if it is new
  std::vector<std::string> new_products{};  // products with a maker not known before
};
Result<StoredAdvisory> put(ledger::Transaction& transaction, const vuln::Advisory& advisory);

// Closes what was found and opens what is found now, with one event each; false if nothing changed.
Result<bool> set_finding(ledger::Transaction& transaction, ledger::SegmentBuilder& events, std::int64_t segment_id, const std::string& vulnerability,
                         const Coordinate& coordinate, const std::optional<Verdict>& before, const std::optional<Verdict>& now);

Result<void> open_kev(ledger::Transaction& transaction, const vuln::KevEntry& entry);
Result<void> close_kev(ledger::Transaction& transaction, std::string_view vulnerability);
// The number of scores that changed.
Result<std::uint64_t> put_epss(ledger::Transaction& transaction, const std::vector<std::pair<std::string, vuln::EpssScore>>& scores, std::string_view date);
Result<void> insert_import(ledger::Transaction& transaction, ledger::EntryId entry, std::string_view feed, std::string_view source, const FeedCount& count);

// The CVE number among its own id and aliases, else its own id.
[[nodiscard]] std::string vulnerability_of(const vuln::Advisory& advisory);

}  // namespace hf::portfolio
