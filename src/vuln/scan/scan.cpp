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
    ScanFinding finding{.component = found.component, .vulnerability = std::move(found.vulnerability), .aliases = std::move(found.aliases),
                        .state = found.state, .reason = reason(found.ground)};
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
  for (std::uint32_t i = 0; i < out.subjects.size(); ++i) {
    if (lookup_keys(out.subjects[i]).empty()) out.unassessed.push_back({i, why_unassessed(out.subjects[i])});
    else if (!named.contains(i)) ++out.unnamed;
  }
  return out;
}

}  // namespace hf::vuln
