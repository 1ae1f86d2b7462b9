#include "portfolio/evaluate.h"

#include <algorithm>

#include "vuln/match/assess.h"

namespace hf::portfolio {
namespace {

// Of several records about one vulnerability the heaviest decides; the others stay visible beside it.
std::optional<Verdict> weighed(std::vector<vuln::Assessment> assessments) {
  if (assessments.empty()) return std::nullopt;
  std::stable_sort(assessments.begin(), assessments.end(), [](const auto& a, const auto& b) { return vuln::weight_of(a.reason) > vuln::weight_of(b.reason); });
  JsonArray reasons;
  for (const auto& assessment : assessments) reasons.push_back(vuln::to_json(assessment.reason));
  return Verdict{assessments.front().state, to_text(reasons)};
}

// "Outside every range" is what most records say of most components of a product. It is no finding: that the product
// was compared at all is known from the keys that record and component share.
bool is_worth_keeping(const vuln::Assessment& assessment) {
  return assessment.state != vuln::State::not_affected || assessment.reason.why == vuln::Why::vex || assessment.reason.why == vuln::Why::patch;
}

}  // namespace

Result<const Coordinate*> Evaluation::coordinate(CoordinateId id) {
  if (const auto at = loaded_.find(id); at != loaded_.end()) return &at->second;
  HF_TRY(auto loaded, CoordinateStore(transaction_.db()).get(id));
  return &loaded_.emplace(id, std::move(loaded)).first->second;
}

Result<void> Evaluation::set(const std::string& vulnerability, const Coordinate& coordinate, const std::optional<Verdict>& before,
                             const std::optional<Verdict>& now) {
  HF_TRY(const bool changed, set_finding(transaction_, *events_, segment_id_, vulnerability, coordinate, before, now));
  if (!changed) return {};
  ++outcome_.findings;
  outcome_.vulnerabilities.insert(vulnerability);
  return {};
}

Result<void> Evaluation::by_vulnerability(const std::string& vulnerability) {
  const auto& db = transaction_.db();
  const AdvisoryStore advisories(db);
  HF_TRY(const auto records, advisories.of_vulnerability(vulnerability));
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

  const bool needs_set = std::any_of(records.begin(), records.end(), [](const auto& record) { return vuln::needs_set(record); });
  HF_TRY(const auto dictionary, advisories.dictionary({keys.begin(), keys.end()}));
  for (const auto& [id, was] : before) {
    if (coordinates_.contains(id)) continue;  // all its records are looked at anyway
    HF_TRY(const auto* subject, coordinate(id));
    std::vector<vuln::Assessment> assessments;
    for (const auto& record : records)
      if (auto assessment = vuln::assess(record, subject->subject, dictionary); assessment && is_worth_keeping(*assessment))
        assessments.push_back(*std::move(assessment));
    HF_CHECK(set(vulnerability, *subject, was, weighed(std::move(assessments))));
    if (!needs_set) continue;
    HF_TRY(const auto builds, CoordinateStore(db).builds_of(id));
    builds_.insert(builds.begin(), builds.end());
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
  for (const auto& record : records)
    if (auto assessment = vuln::assess(record, subject->subject, dictionary); assessment && is_worth_keeping(*assessment))
      by_vulnerability[vulnerability_of(record)].push_back(*std::move(assessment));
  for (auto& [vulnerability, assessments] : by_vulnerability) {
    const auto was = open.find(vulnerability);
    HF_CHECK(set(vulnerability, *subject, was == open.end() ? std::nullopt : std::optional(was->second), weighed(std::move(assessments))));
    if (was != open.end()) open.erase(was);
  }
  for (const auto& [vulnerability, was] : open) HF_CHECK(set(vulnerability, *subject, was, std::nullopt));
  return {};
}

Result<void> Evaluation::by_build(std::int64_t build_id) {
  const auto& db = transaction_.db();
  const CoordinateStore store(db);
  HF_TRY(const auto records, AdvisoryStore(db).set_records_of_build(build_id));
  std::set<StoredStatement> wanted;
  if (!records.empty()) {
    HF_TRY(const auto ids, store.of_build(build_id));
    std::vector<vuln::Subject> subjects;
    std::vector<std::string> keys;
    for (const auto id : ids) {
      HF_TRY(const auto* one, coordinate(id));
      subjects.push_back(one->subject);
      for (auto& key : vuln::lookup_keys(one->subject)) keys.push_back(std::move(key));
    }
    HF_TRY(const auto dictionary, AdvisoryStore(db).dictionary(keys));
    const vuln::ComponentSet set(std::move(subjects));
    HF_TRY(const auto vex, store.statements(build_id, "vex"));
    std::set<std::pair<std::string, CoordinateId>> own_word;
    for (const auto& statement : vex) own_word.emplace(statement.vulnerability, statement.coordinate);

    std::map<std::pair<std::string, std::uint32_t>, std::vector<vuln::Assessment>> found;
    for (const auto& record : records) {
      // The other records of the vulnerability have their say too: the statement beats the edge as a whole.
      HF_TRY(const auto all, AdvisoryStore(db).of_vulnerability(vulnerability_of(record)));
      if (&record != &records.front() && vulnerability_of(record) == vulnerability_of(*(&record - 1))) continue;
      for (const auto& one : all)
        for (auto& assessment : vuln::assess(one, set, dictionary))
          found[{vulnerability_of(record), assessment.component}].push_back(std::move(assessment));
    }
    for (auto& [key, assessments] : found) {
      const auto& [vulnerability, component] = key;
      const auto verdict = weighed(std::move(assessments));
      HF_TRY(const auto open, AdvisoryStore(db).open_findings(ids[component]));
      const auto edge = open.find(vulnerability);
      if (!verdict || own_word.contains({vulnerability, ids[component]})) continue;
      if (edge != open.end() && edge->second.state == verdict->state) continue;
      if (edge == open.end() && verdict->state == vuln::State::not_affected) continue;
      wanted.insert({vulnerability, ids[component], "set", std::string(vuln::name_of(verdict->state)), verdict->reasons});
    }
  }
  HF_TRY(const auto changed, set_statements(transaction_, entry_, build_id, "set", wanted));
  outcome_.statements += changed;
  for (const auto& statement : wanted)
    if (changed > 0) outcome_.vulnerabilities.insert(statement.vulnerability);
  return {};
}

Result<Evaluation::Outcome> Evaluation::run(ledger::EntryId entry, ledger::SegmentBuilder& events, std::int64_t segment_id) {
  entry_ = entry, events_ = &events, segment_id_ = segment_id;
  for (const auto& vulnerability : vulnerabilities_) HF_CHECK(by_vulnerability(vulnerability));
  for (const auto id : coordinates_) HF_CHECK(by_coordinate(id));
  for (const auto build : builds_) HF_CHECK(by_build(build));
  return std::move(outcome_);
}

}  // namespace hf::portfolio
