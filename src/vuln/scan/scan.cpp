#include "vuln/scan/scan.h"

#include <algorithm>
#include <map>
#include <set>

namespace hf::vuln {
namespace {

std::string why_unassessed(const Subject& subject) {
  if (subject.version.empty() && subject.claims.empty()) return "no version and no identity (purl, CPE, repository)";
  if (subject.claims.empty()) return "no identity that can be looked up (purl, CPE, repository)";
  return "its identities name no package, product or repository";
}

// Which assessed components were built from each one that cannot be assessed itself: the archive that a package was
// compiled from has no identity of its own, and its flaws are looked up under the package's.
class Builds {
 public:
  explicit Builds(const sbom::Document& document) {
    for (const auto& edge : document.edges)
      if (edge.kind == sbom::EdgeKind::generated_from) built_from_[edge.to].push_back(edge.from);
  }
  // Refs for which `is_assessed`, in order. Output, build and input are two edges; a chain of builds has more.
  template <class F>
  std::vector<std::string> assessed_as(std::string_view ref, F is_assessed) const {
    constexpr int kStepsMax = 6;
    std::set<std::string_view> seen{ref}, frontier{ref};
    std::set<std::string> found;
    for (int step = 0; step < kStepsMax && !frontier.empty(); ++step) {
      std::set<std::string_view> next;
      for (const auto at : frontier) {
        const auto edges = built_from_.find(at);
        if (edges == built_from_.end()) continue;
        for (const auto from : edges->second) {
          if (!seen.insert(from).second) continue;
          if (is_assessed(from)) found.emplace(from);
          else next.insert(from);
        }
      }
      frontier = std::move(next);
    }
    return {found.begin(), found.end()};
  }

 private:
  std::map<std::string_view, std::vector<std::string_view>> built_from_;
};

void put_severity(const Advisory& record, ScanFinding& finding) {
  for (const auto& cvss : record.cvss)
    if (cvss.score > finding.score) {
      finding.score = cvss.score;
      finding.severity = cvss.severity;
    }
}

}  // namespace

Result<Scan> scan(const sbom::Document& document, AdvisoryDatabase& database, const EvaluateOptions& options) {
  auto subjects = subjects_of(document);
  Scan out;
  out.refused = std::move(subjects.refused);
  out.vex_elsewhere = subjects.vex_elsewhere;
  const ComponentSet set(std::move(subjects.subjects));

  std::vector<std::string> keys;
  ProductDictionary dictionary;
  std::set<std::uint32_t> named;
  for (const auto& [key, components] : set.by_key()) {
    keys.push_back(key);
    HF_TRY(const auto ids, database.ids_of(key));
    if (!ids.empty()) named.insert(components.begin(), components.end());
    constexpr std::string_view kProduct = "product:";
    if (!key.starts_with(kProduct)) continue;
    HF_TRY(const auto pairs, database.vendors_of(std::string_view(key).substr(kProduct.size())));
    for (const auto& pair : pairs) dictionary.add(pair);
  }
  HF_TRY(auto stored, database.with_keys(keys));
  std::vector<Advisory> records;
  std::vector<std::size_t> sources;
  records.reserve(stored.size());
  for (auto& each : stored) {
    records.push_back(std::move(each.advisory));
    sources.push_back(each.source);
  }
  out.records = records.size();

  std::vector<std::string> versions;
  for (const auto& source : database.manifest().sources) versions.push_back(feed_version_of(source));
  const auto reason = [&](const Ground& ground) {
    const auto* record = ground.record == Ground::npos ? nullptr : &records[ground.record];
    auto made = reason_of(ground, set.subjects()[ground.component], record);
    if (record != nullptr) made.source = versions[sources[ground.record]];
    return made;
  };
  for (auto& found : evaluate(records, set, subjects.vex, dictionary, options)) {
    ScanFinding finding{.component = found.component,
                        .vulnerability = std::move(found.vulnerability),
                        .aliases = std::move(found.aliases),
                        .state = found.state,
                        .reason = reason(found.ground)};
    for (const auto& ground : found.others) finding.others.push_back(reason(ground));
    for (const auto index : found.records) {
      put_severity(records[index], finding);
      if (finding.summary.empty()) finding.summary = records[index].summary;
    }
    HF_TRY(finding.kev, database.kev(finding.vulnerability));
    HF_TRY(finding.epss, database.epss(finding.vulnerability));
    for (const auto& alias : finding.aliases) {
      if (!finding.kev) {
        HF_TRY(finding.kev, database.kev(alias));
      }
      if (!finding.epss) {
        HF_TRY(finding.epss, database.epss(alias));
      }
    }
    out.findings.push_back(std::move(finding));
  }
  out.subjects = set.subjects();
  const Builds builds(document);
  std::set<std::string_view> assessed;
  for (std::uint32_t i = 0; i < out.subjects.size(); ++i) {
    if (lookup_keys(out.subjects[i]).empty()) {
      out.unassessed.push_back({i, why_unassessed(out.subjects[i]), {}});
      continue;
    }
    assessed.insert(out.subjects[i].ref);
    if (!named.contains(i)) ++out.unnamed;
  }
  for (auto& each : out.unassessed)
    each.assessed_as = builds.assessed_as(out.subjects[each.component].ref,
                                          [&](std::string_view ref) { return assessed.contains(ref); });
  return out;
}

}  // namespace hf::vuln
