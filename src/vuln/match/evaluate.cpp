#include "vuln/match/evaluate.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/text.h"
#include "vuln/feeds/vendor_table.h"

namespace hf::vuln {
namespace {

// A CNA's product text may be another name of what the CPE dictionary knows: Linux "Linux" is linux:linux_kernel.
bool same_product(std::string_view vendor, std::string_view written, std::string_view product) {
  if (written == product) return true;
  return std::any_of(kProductNames.begin(), kProductNames.end(), [&](const ProductName& row) {
    return row.vendor == vendor && row.written == written && row.product == product;
  });
}

struct Relation {
  Identity identity = Identity::none;
  bool narrower = false;  // the statement's CPE is about a variant that the claim leaves open
};

// A statement's CPE names as they identify: its own versions decide, so the names stand for any version and update.
std::vector<Cpe> names_of(const Statement& statement) {
  std::vector<Cpe> names;
  for (const auto& text : statement.cpes) {
    auto name = Cpe::parse(text);
    if (!name) continue;
    name->set(CpeAttribute::version, "*");
    name->set(CpeAttribute::update, "*");
    names.push_back(*std::move(name));
  }
  return names;
}

Relation relate_cpe(const Statement& statement, const std::vector<Cpe>& names, const Claim& claim,
                    const ProductDictionary& dictionary) {
  Relation best;
  for (const auto& name : names) {
    const auto verdict = judge(CpeMatch{}, name, claim, dictionary);
    if (verdict.truth == Truth::no || verdict.identity <= best.identity) continue;
    best = {verdict.identity, verdict.why == Why::underspecified};
  }
  const auto product = fold_name(statement.product), vendor = fold_name(statement.vendor);
  const auto claimed = fold_name(claim.cpe->plain(CpeAttribute::product));
  if (!product.empty() && same_product(vendor, product, claimed)) {
    const auto identity =
        judge_vendor(claimed, claim.cpe->is_any(CpeAttribute::vendor) ? "" : claim.cpe->plain(CpeAttribute::vendor),
                     statement.vendor, dictionary);
    if (identity > best.identity) best = {identity, false};
  }
  return best;
}

Relation relate(const Statement& statement, const std::vector<Cpe>& names, const Claim& claim,
                const ProductDictionary& dictionary) {
  if (claim.purl && !statement.purl.empty() && claim.purl->package_key() == statement.purl)
    return {Identity::exact, false};
  if (!claim.repo.empty() && claim.repo == statement.repo) return {Identity::exact, false};
  if (claim.cpe) return relate_cpe(statement, names, claim, dictionary);
  return {};
}

int weight(const Ground& ground) { return weight_of(ground.outcome, ground.why, ground.identity); }

// Numbers of one vulnerability, joined through every record that names two of them.
class Numbers {
 public:
  void join(const std::string& a, const std::string& b) {
    const auto x = find(a), y = find(b);
    if (x != y) parent_[x] = y;
  }
  std::string find(const std::string& id) {
    auto at = parent_.try_emplace(id, id).first;
    while (at->second != at->first) {
      const auto up = parent_.find(at->second);
      at->second = up->second;
      at = parent_.find(at->second);
    }
    return at->first;
  }
  std::map<std::string, std::vector<std::string>> groups() {
    std::map<std::string, std::vector<std::string>> groups;
    std::vector<std::string> ids;
    for (const auto& [id, up] : parent_) ids.push_back(id);
    for (const auto& id : ids) groups[find(id)].push_back(id);
    return groups;
  }

 private:
  std::map<std::string, std::string> parent_;
};

// A group of numbers may hold several CVE ids (a GHSA that covers two): each finding keeps the one its records use.
std::string leading_number(const std::vector<std::string>& ids) {
  const auto cve = std::find_if(ids.begin(), ids.end(), [](const std::string& id) { return id.starts_with("CVE-"); });
  return cve == ids.end() ? ids.front() : *cve;
}

struct Case {
  std::vector<Ground> grounds;
  std::optional<State> stated;  // by the document itself
  Ground word;                  // and where
};

}  // namespace

std::string_view name_of(State state) {
  switch (state) {
    case State::affected: return "affected";
    case State::not_affected: return "not_affected";
    case State::fixed: return "fixed";
    case State::under_investigation: return "under_investigation";
    case State::unknown: return "unknown";
  }
  return "";
}

bool heavier(const Ground& a, const Ground& b) {
  const auto key = [](const Ground& g) {
    return std::tuple(-weight(g), -int(g.identity), g.reading, g.record, g.pointer);
  };
  return key(a) < key(b);
}

State state_of(const Ground& ground) {
  if (ground.identity == Identity::candidate) return State::unknown;
  switch (ground.outcome) {
    case Outcome::affected: return State::affected;
    case Outcome::unaffected: return State::not_affected;
    case Outcome::unknown: break;
  }
  return State::unknown;
}

int weight_of(Outcome outcome, Why why, Identity identity) {
  if (why == Why::vex || why == Why::patch) return 5;
  if (identity == Identity::candidate)
    return outcome == Outcome::unaffected || (outcome == Outcome::unknown && why == Why::default_status) ? 0 : 1;
  switch (outcome) {
    case Outcome::affected: return 4;
    case Outcome::unaffected: return 3;
    case Outcome::unknown: break;
  }
  return 2;
}

std::vector<Ground> grounds_of(const Advisory& record, std::size_t index, const ComponentSet& set,
                               const ProductDictionary& dictionary) {
  std::vector<Ground> grounds;
  if (record.withdrawn) return grounds;
  for (const auto& statement : record.statements) {
    std::set<std::uint32_t> components;
    const auto touch = [&](const std::string& key) {
      for (const auto i : set.with_key(key)) components.insert(i);
    };
    if (!statement.purl.empty()) touch("purl:" + statement.purl);
    if (!statement.repo.empty()) touch("git:" + statement.repo);
    for (const auto& product : product_names_of(statement)) touch("product:" + product);
    if (components.empty()) continue;
    const auto names = names_of(statement);
    for (const auto i : components) {
      const auto& subject = set.subjects()[i];
      std::optional<Ground> best;
      for (std::size_t c = 0; c < subject.claims.size(); ++c) {
        const auto& claim = subject.claims[c];
        const auto relation = relate(statement, names, claim, dictionary);
        if (relation.identity == Identity::none) continue;
        const auto verdict = judge(statement, {claim.version, claim.commit, claim.scheme});
        Ground ground{.outcome = verdict.outcome,
                      .why = verdict.why,
                      .identity = relation.identity,
                      .component = i,
                      .claim = c,
                      .record = index,
                      .pointer = statement.pointer + verdict.where,
                      .container = statement.container,
                      .range = verdict.range,
                      .scheme = verdict.scheme,
                      .reading = verdict.reading};
        if (relation.narrower && ground.outcome == Outcome::affected) {
          ground.outcome = Outcome::unknown;
          ground.why = Why::underspecified;
        }
        if (!best || heavier(ground, *best)) best = std::move(ground);
      }
      if (best) grounds.push_back(*std::move(best));
    }
  }
  for (const auto& configuration : record.configurations)
    for (auto& verdict : evaluate(configuration, set, dictionary))
      grounds.push_back({.outcome = verdict.outcome,
                         .why = verdict.why,
                         .identity = verdict.identity,
                         .component = verdict.component,
                         .claim = verdict.claim,
                         .record = index,
                         .pointer = configuration.pointer + verdict.where,
                         .container = configuration.container,
                         .range = std::move(verdict.range),
                         .scheme = verdict.scheme,
                         .platforms = std::move(verdict.platforms)});
  // An upstream range knows nothing of a distribution's backports; a distribution's own advisory comes by purl.
  for (auto& ground : grounds) {
    const auto& subject = set.subjects()[ground.component];
    if (ground.outcome != Outcome::affected || subject.distribution.empty() ||
        subject.claims[ground.claim].kind == ClaimKind::purl)
      continue;
    ground.outcome = Outcome::unknown;
    ground.why = Why::distribution;
  }
  // A default status is for versions that no entry names. CISA's ADP container repeats each entry of the CNA as a
  // statement of its own, with defaultStatus "affected" beside a single unaffected range (CVE-2024-36971): read one by
  // one, they would contradict the CNA's own list. So where an entry of the record names the version, that counts.
  std::set<std::uint32_t> named;
  for (const auto& ground : grounds)
    if (ground.outcome == Outcome::unaffected && (ground.why == Why::version || ground.why == Why::change) &&
        ground.identity != Identity::candidate)
      named.insert(ground.component);
  std::erase_if(grounds, [&](const Ground& ground) {
    return ground.outcome == Outcome::affected && ground.why == Why::default_status && named.contains(ground.component);
  });
  return grounds;
}

std::vector<Finding> evaluate(const std::vector<Advisory>& records, const ComponentSet& set,
                              const std::vector<VexClaim>& vex, const ProductDictionary& dictionary,
                              const EvaluateOptions& options) {
  Numbers numbers;
  for (const auto& record : records) {
    numbers.find(record.id);
    for (const auto& alias : record.aliases) numbers.join(record.id, alias);
  }
  for (const auto& claim : vex) {
    numbers.find(claim.vulnerability);
    for (const auto& alias : claim.aliases) numbers.join(claim.vulnerability, alias);
  }
  for (const auto& subject : set.subjects())
    for (const auto& patch : subject.patched) numbers.find(patch.vulnerability);

  std::map<std::pair<std::uint32_t, std::string>, Case> cases;  // by component and group of numbers
  for (std::size_t i = 0; i < records.size(); ++i)
    for (auto& ground : grounds_of(records[i], i, set, dictionary)) {
      if (weight(ground) == 0) continue;
      cases[{ground.component, numbers.find(records[i].id)}].grounds.push_back(std::move(ground));
    }
  for (std::uint32_t i = 0; i < set.subjects().size(); ++i)
    for (const auto& patch : set.subjects()[i].patched) {
      auto& entry = cases[{i, numbers.find(patch.vulnerability)}];
      entry.stated = State::fixed;
      entry.word = {.outcome = Outcome::unaffected,
                    .why = Why::patch,
                    .component = i,
                    .claim = Ground::npos,
                    .record = Ground::npos,
                    .note = patch_note(patch)};
    }
  for (const auto& claim : vex)
    for (const auto i : claim.components) {
      auto& entry = cases[{i, numbers.find(claim.vulnerability)}];
      if (claim.state == State::unknown) continue;  // listed without an assessment
      entry.stated = claim.state;
      entry.word = {.outcome = claim.state == State::affected              ? Outcome::affected
                               : claim.state == State::under_investigation ? Outcome::unknown
                                                                           : Outcome::unaffected,
                    .why = Why::vex,
                    .component = i,
                    .claim = Ground::npos,
                    .record = Ground::npos,
                    .note = claim.note};
    }

  const auto groups = numbers.groups();
  std::vector<Finding> findings;
  for (auto& [key, entry] : cases) {
    std::sort(entry.grounds.begin(), entry.grounds.end(), heavier);
    if (entry.grounds.empty() && !entry.stated) continue;
    Finding finding;
    finding.component = key.first;
    const auto& ids = groups.at(key.second);
    finding.vulnerability = leading_number(ids);
    for (const auto& id : ids)
      if (id != finding.vulnerability) finding.aliases.push_back(id);
    if (entry.stated) {
      finding.state = *entry.stated;
      finding.ground = std::move(entry.word);
      finding.others = std::move(entry.grounds);
    } else {
      finding.state = state_of(entry.grounds.front());
      if (finding.state == State::not_affected && !options.all) continue;
      finding.ground = std::move(entry.grounds.front());
      finding.others.assign(std::make_move_iterator(entry.grounds.begin() + 1),
                            std::make_move_iterator(entry.grounds.end()));
    }
    std::set<std::size_t> used;
    if (finding.ground.record != Ground::npos) used.insert(finding.ground.record);
    for (const auto& ground : finding.others) used.insert(ground.record);
    finding.records.assign(used.begin(), used.end());
    findings.push_back(std::move(finding));
  }
  std::sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.component, a.vulnerability) < std::tie(b.component, b.vulnerability);
  });
  return findings;
}

}  // namespace hf::vuln
