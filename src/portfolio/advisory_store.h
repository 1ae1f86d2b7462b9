// Advisories, KEV, EPSS, who makes what, and the findings: all their SQL.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "portfolio/evidence.h"
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
  [[nodiscard]] Result<std::map<std::string, Verdict>> open_findings(
      CoordinateId coordinate) const;  // by vulnerability
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
  std::string before{}, digest_before{};    // the vulnerability it was filed under, and its digest; empty if it is new
  std::vector<std::string> new_products{};  // products with a maker not known before
};
Result<StoredAdvisory> put(ledger::Transaction& transaction, const vuln::Advisory& advisory);

// Closes what was found and opens what is found now, with one event each; false if nothing changed.
Result<bool> set_finding(ledger::Transaction& transaction, const Evidence& evidence, const std::string& vulnerability,
                         const Coordinate& coordinate, const std::optional<Verdict>& before,
                         const std::optional<Verdict>& now);

// The entry of the KEV catalogue from now on; null: it is not listed any more. `was`: an entry ends by that.
Result<void> set_kev(ledger::Transaction& transaction, const Evidence& evidence, const std::string& vulnerability,
                     const vuln::KevEntry* now, bool was);
// The number of scores that changed.
Result<std::uint64_t> put_epss(ledger::Transaction& transaction,
                               const std::vector<std::pair<std::string, vuln::EpssScore>>& scores,
                               std::string_view date);
Result<void> insert_import(ledger::Transaction& transaction, ledger::EntryId entry, std::string_view feed,
                           std::string_view source, const FeedCount& count);

// What lists show of a record: without the NUL that PostgreSQL keeps in no text. Severity and score are of the newest
// version of CVSS that it states; empty: none.
struct Headline {
  std::string summary, severity, score;
};
[[nodiscard]] Headline headline_of(const vuln::Advisory& advisory);
// The keys that it is found by. No component has a key over kKeyMax, so a longer one finds nothing and is left out.
[[nodiscard]] std::vector<std::string> stored_keys(const vuln::Advisory& advisory);

// The CVE number among its own id and aliases, else its own id.
[[nodiscard]] std::string vulnerability_of(const vuln::Advisory& advisory);

}  // namespace hf::portfolio
