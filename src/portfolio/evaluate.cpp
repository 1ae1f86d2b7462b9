#include "portfolio/evaluate.h"

#include <algorithm>

#include "vuln/match/assess.h"

namespace hf::portfolio {
namespace {

// Of several records about one vulnerability the heaviest decides; the others stay visible beside it.
std::optional<Verdict> weighed(std::vector<vuln::Assessment> assessments, bool& kept) {
  kept = false;
  if (assessments.empty()) return std::nullopt;
  std::stable_sort(assessments.begin(), assessments.end(),
                   [](const auto& a, const auto& b) { return vuln::weight_of(a.reason) > vuln::weight_of(b.reason); });
  JsonArray reasons;
  for (const auto& assessment : assessments) reasons.push_back(vuln::to_json(assessment.reason));
  // "Outside every range" is what most records say of most components of a product. It is no finding: that the product
  // was compared at all is known from the keys that record and component share.
  const auto& first = assessments.front();
  kept = first.state != vuln::State::not_affected || first.reason.why == vuln::Why::vex ||
         first.reason.why == vuln::Why::patch;
  return Verdict{first.state, to_text(reasons)};
}

std::optional<Verdict> finding_of(std::vector<vuln::Assessment> assessments) {
  bool kept = false;
  auto verdict = weighed(std::move(assessments), kept);
  return kept ? std::move(verdict) : std::nullopt;
}

}  // namespace

Result<const Coordinate*> Evaluation::coordinate(CoordinateId id) {
  if (const auto at = loaded_.find(id); at != loaded_.end()) return &at->second;
  HF_TRY(auto loaded, CoordinateStore(transaction_.db()).get(id));
  return &loaded_.emplace(id, std::move(loaded)).first->second;
}

Result<void> Evaluation::set(const std::string& vulnerability, const Coordinate& coordinate,
                             const std::optional<Verdict>& before, const std::optional<Verdict>& now) {
  HF_TRY(const bool changed, set_finding(transaction_, *evidence_, vulnerability, coordinate, before, now));
  if (!changed) return {};
  ++outcome_.findings;
  outcome_.vulnerabilities.insert(vulnerability);
  return {};
}

Result<void> Evaluation::by_vulnerability(const std::string& vulnerability) {
  const auto& db = transaction_.db();
  const AdvisoryStore advisories(db);
  HF_TRY(const auto records, advisories.of_vulnerability(vulnerability));
  HF_TRY(const auto moved, move_statements(transaction_, *evidence_, vulnerability));
  outcome_.statements += moved.size();
  if (!moved.empty()) outcome_.vulnerabilities.insert(vulnerability);
  HF_TRY(const auto judged, CoordinateStore(db).builds_with_set_statement(vulnerability));
  for (const auto& builds : {std::vector<std::int64_t>(moved.begin(), moved.end()), judged})
    for (const auto build : builds) vulnerabilities_of_build_[build].insert(vulnerability);

  HF_TRY(const auto open, advisories.open_findings(vulnerability));
  std::map<CoordinateId, std::optional<Verdict>> before;
  for (const auto& finding : open) before.emplace(finding.coordinate, finding.verdict);
  std::set<std::string> keys;
  for (const auto& record : records)
    for (auto& key : vuln::lookup_keys(record)) keys.insert(std::move(key));
  for (const auto& key : keys) {
    HF_TRY(const auto under, CoordinateStore(db).with_key(key));
    for (const auto id : under) before.try_emplace(id);
  }
  if (before.empty()) return {};

  const bool needs_set =
      std::any_of(records.begin(), records.end(), [](const auto& record) { return vuln::needs_set(record); });
  HF_TRY(const auto dictionary, advisories.dictionary({keys.begin(), keys.end()}));
  for (const auto& [id, was] : before) {
    if (coordinates_.contains(id)) continue;  // all its records are looked at anyway
    HF_TRY(const auto* subject, coordinate(id));
    std::vector<vuln::Assessment> assessments;
    for (const auto& record : records)
      if (auto assessment = vuln::assess(record, subject->subject, dictionary))
        assessments.push_back(*std::move(assessment));
    HF_CHECK(set(vulnerability, *subject, was, finding_of(std::move(assessments))));
    if (!needs_set) continue;
    HF_TRY(const auto builds, CoordinateStore(db).builds_of(id));
    for (const auto build : builds) vulnerabilities_of_build_[build].insert(vulnerability);
  }
  return {};
}

Result<void> Evaluation::by_coordinate(CoordinateId id) {
  const AdvisoryStore advisories(transaction_.db());
  HF_TRY(const auto* subject, coordinate(id));
  HF_TRY(auto open, advisories.open_findings(id));
  HF_TRY(const auto records, advisories.about(id));
  HF_TRY(const auto dictionary, advisories.dictionary(vuln::lookup_keys(subject->subject)));
  std::map<std::string, std::vector<vuln::Assessment>> by_vulnerability;
  std::set<std::string> needing_set;
  for (const auto& record : records) {
    if (auto assessment = vuln::assess(record, subject->subject, dictionary))
      by_vulnerability[vulnerability_of(record)].push_back(*std::move(assessment));
    if (vuln::needs_set(record)) needing_set.insert(vulnerability_of(record));
  }
  if (!needing_set.empty()) {
    HF_TRY(const auto builds, CoordinateStore(transaction_.db()).builds_of(id));
    for (const auto build : builds) vulnerabilities_of_build_[build].insert(needing_set.begin(), needing_set.end());
  }
  for (auto& [vulnerability, assessments] : by_vulnerability) {
    const auto was = open.find(vulnerability);
    HF_CHECK(set(vulnerability, *subject, was == open.end() ? std::nullopt : std::optional(was->second),
                 finding_of(std::move(assessments))));
    if (was != open.end()) open.erase(was);
  }
  for (const auto& [vulnerability, was] : open) HF_CHECK(set(vulnerability, *subject, was, std::nullopt));
  return {};
}

// The components of a build together, read once a transaction.
struct Evaluation::BuildSet {
  std::vector<CoordinateId> ids;
  vuln::ComponentSet set;
  vuln::ProductDictionary dictionary;
};

Result<const Evaluation::BuildSet*> Evaluation::set_of(std::int64_t build_id) {
  if (const auto at = sets_.find(build_id); at != sets_.end()) return at->second.get();
  HF_TRY(auto ids, CoordinateStore(transaction_.db()).of_build(build_id));
  std::vector<vuln::Subject> subjects;
  std::vector<std::string> keys;
  for (const auto id : ids) {
    HF_TRY(const auto* one, coordinate(id));
    subjects.push_back(one->subject);
    for (auto& key : vuln::lookup_keys(one->subject)) keys.push_back(std::move(key));
  }
  HF_TRY(auto dictionary, AdvisoryStore(transaction_.db()).dictionary(keys));
  auto made = std::make_shared<const BuildSet>(
      BuildSet{std::move(ids), vuln::ComponentSet(std::move(subjects)), std::move(dictionary)});
  return sets_.emplace(build_id, std::move(made)).first->second.get();
}

Result<void> Evaluation::by_build(std::int64_t build_id, const std::set<std::string>* only) {
  const auto& db = transaction_.db();
  const AdvisoryStore advisories(db);
  std::set<std::string> vulnerabilities;
  if (only) {
    vulnerabilities = *only;
  } else {
    HF_TRY(vulnerabilities, advisories.set_vulnerabilities_of_build(build_id));
  }

  HF_TRY(const auto vex, CoordinateStore(db).statements(build_id, "vex"));
  std::set<std::pair<std::string, CoordinateId>> own_word;
  for (const auto& statement : vex) own_word.emplace(statement.vulnerability, statement.coordinate);
  std::set<StoredStatement> wanted;
  for (const auto& vulnerability : vulnerabilities) {
    HF_TRY(const auto records, advisories.of_vulnerability(vulnerability));
    if (std::none_of(records.begin(), records.end(), [](const auto& record) { return vuln::needs_set(record); }))
      continue;
    HF_TRY(const auto* build, set_of(build_id));
    // The other records of the vulnerability have their say too: the statement beats the edge as a whole.
    std::map<std::uint32_t, std::vector<vuln::Assessment>> by_component;
    for (const auto& record : records)
      for (auto& assessment : vuln::assess(record, build->set, build->dictionary))
        by_component[assessment.component].push_back(std::move(assessment));
    HF_TRY(const auto open, advisories.open_findings(vulnerability));
    for (auto& [component, assessments] : by_component) {
      const auto id = build->ids[component];
      bool kept = false;
      const auto verdict = weighed(std::move(assessments), kept);
      const auto edge =
          std::find_if(open.begin(), open.end(), [&](const auto& finding) { return finding.coordinate == id; });
      if (own_word.contains({vulnerability, id}) ||
          (edge == open.end() ? !kept : edge->verdict.state == verdict->state))
        continue;
      wanted.insert({vulnerability, id, "set", std::string(vuln::name_of(verdict->state)), verdict->reasons});
    }
  }
  HF_TRY(const auto changed, set_statements(transaction_, *evidence_, build_id, "set", wanted, only));
  outcome_.statements += changed;
  if (changed > 0) outcome_.vulnerabilities.insert(vulnerabilities.begin(), vulnerabilities.end());
  return {};
}

Result<Evaluation::Outcome> Evaluation::run(const Evidence& evidence) {
  evidence_ = &evidence;
  for (const auto& vulnerability : vulnerabilities_) HF_CHECK(by_vulnerability(vulnerability));
  for (const auto id : coordinates_) HF_CHECK(by_coordinate(id));
  for (const auto build : builds_) HF_CHECK(by_build(build, nullptr));
  for (const auto& [build, vulnerabilities] : vulnerabilities_of_build_)
    if (!builds_.contains(build)) HF_CHECK(by_build(build, &vulnerabilities));
  return std::move(outcome_);
}

}  // namespace hf::portfolio
