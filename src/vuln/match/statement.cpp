#include "vuln/match/statement.h"

#include <optional>
#include <vector>

#include "base/text.h"

namespace hf::vuln {
namespace {

Outcome outcome_of(Status status) {
  switch (status) {
    case Status::affected: return Outcome::affected;
    case Status::unaffected: return Outcome::unaffected;
    case Status::unknown: break;
  }
  return Outcome::unknown;
}

// The record's order where it names one; the product's own order for "custom", "semver" on a kernel, and nothing.
Scheme scheme_for(const Range& range, const VersionQuery& query) {
  const bool own_order = query.scheme == Scheme::kernel || query.scheme == Scheme::openssl;
  if (range.scheme == Scheme::generic || (own_order && range.scheme == Scheme::semver)) return query.scheme;
  return range.scheme;
}

Verdict covers(const VersionEntry& entry, const VersionQuery& query) {
  if (entry.whole) return Verdict::inside;
  if (entry.reading == Reading::unreadable) return Verdict::unknown;
  if (entry.git) {
    // Without a commit graph only the bounds themselves are known.
    for (const auto& interval : entry.range.intervals) {
      if (query.version == interval.lower) return Verdict::inside;
      if (query.version == interval.upper) return interval.upper_inclusive ? Verdict::inside : Verdict::outside;
    }
    for (const auto& exact : entry.range.exact)
      if (query.version == exact) return Verdict::inside;
    return entry.range.intervals.empty() ? Verdict::outside : Verdict::unknown;
  }
  auto range = entry.range;
  range.scheme = scheme_for(entry.range, query);
  auto verdict = contains(range, query.version);
  // The record's order may not read the component's version ("1.2" is no SemVer): the generic one reads everything.
  if (verdict == Verdict::unknown && range.scheme != Scheme::generic && range.scheme != Scheme::opaque) {
    range.scheme = Scheme::generic;
    verdict = contains(range, query.version);
  }
  return verdict;
}

VersionVerdict by_entry(const VersionEntry& entry, const VersionQuery& query, Outcome outcome, Why why) {
  return {outcome,
          why,
          entry.where,
          entry.whole                            ? "every version"
          : entry.reading == Reading::unreadable ? entry.text
                                                 : to_text(entry.range),
          scheme_for(entry.range, query),
          entry.reading};
}

Why why_undecided(const VersionEntry& entry) {
  if (entry.reading == Reading::unreadable) return Why::unreadable;
  return entry.git ? Why::commit_graph : Why::incomparable;
}

// The status at this version after changes[]: each that is at or before it applies in turn.
std::optional<Status> after_changes(const VersionEntry& entry, const VersionQuery& query, bool& changed) {
  auto status = entry.status;
  for (const auto& change : entry.changes) {
    if (entry.git) return query.version == change.at ? std::optional(change.status) : std::nullopt;
    auto order = compare(scheme_for(entry.range, query), change.at, query.version);
    if (!order) order = compare(Scheme::generic, change.at, query.version);
    if (!order) return std::nullopt;
    if (*order > 0) continue;
    status = change.status;
    changed = true;
  }
  return status;
}

VersionVerdict first_match(const Statement& statement, const VersionQuery& query) {
  bool applicable = statement.versions.empty();
  std::vector<const VersionEntry*> doubts;  // before the entry that decides: they might have decided
  std::optional<VersionVerdict> decided;
  for (const auto& entry : statement.versions) {
    // Commits and versions live in different spaces: an entry of the other space says nothing here.
    if (entry.git != query.commit && !entry.whole) continue;
    applicable = true;
    const auto verdict = covers(entry, query);
    if (verdict == Verdict::unknown) doubts.push_back(&entry);
    if (verdict != Verdict::inside) continue;
    bool changed = false;
    const auto status = after_changes(entry, query, changed);
    decided = status ? by_entry(entry, query, outcome_of(*status), changed ? Why::change : Why::version)
                     : by_entry(entry, query, Outcome::unknown, Why::incomparable);
    break;
  }
  if (!applicable) return {Outcome::unknown, Why::commit_graph, {}, {}, query.scheme, Reading::stated};
  if (!decided)
    decided = VersionVerdict{
        outcome_of(statement.default_status), Why::default_status, {}, {}, query.scheme, Reading::stated};
  for (const auto* doubt : doubts)
    if (outcome_of(doubt->status) != decided->outcome || !doubt->changes.empty())
      return by_entry(*doubt, query, Outcome::unknown, why_undecided(*doubt));
  return *decided;
}

VersionVerdict any_match(const Statement& statement, const VersionQuery& query) {
  const VersionEntry* undecided = nullptr;
  bool applicable = false;
  for (const auto& entry : statement.versions) {
    // versions[] of a GIT range are tags: the record lists them so that a version can be found without a graph.
    if (entry.git && !query.commit) continue;
    if (!entry.git && query.commit && entry.reading != Reading::unreadable) continue;
    applicable = true;
    switch (covers(entry, query)) {
      case Verdict::inside: return by_entry(entry, query, outcome_of(entry.status), Why::version);
      case Verdict::unknown: undecided = &entry; break;
      case Verdict::outside: break;
    }
  }
  if (!applicable) return {Outcome::unknown, Why::commit_graph, {}, {}, query.scheme, Reading::stated};
  if (undecided != nullptr) return by_entry(*undecided, query, Outcome::unknown, why_undecided(*undecided));
  return {Outcome::unaffected, Why::outside, {}, {}, query.scheme, Reading::stated};
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::unknown: return "unknown";
    case Outcome::affected: return "affected";
    case Outcome::unaffected: return "unaffected";
  }
  return "";
}

std::string_view name_of(Why why) {
  switch (why) {
    case Why::version: return "version";
    case Why::change: return "change";
    case Why::default_status: return "default_status";
    case Why::outside: return "outside";
    case Why::unreadable: return "unreadable";
    case Why::incomparable: return "incomparable";
    case Why::no_version: return "no_version";
    case Why::commit_graph: return "commit_graph";
    case Why::platform: return "platform";
    case Why::underspecified: return "underspecified";
    case Why::distribution: return "distribution";
    case Why::vex: return "vex";
    case Why::patch: return "patch";
  }
  return "";
}

VersionVerdict judge(const Statement& statement, const VersionQuery& query) {
  if (query.version.empty()) {
    // Only what holds for every version can be said of none.
    for (const auto& entry : statement.versions)
      if (entry.whole) return by_entry(entry, query, outcome_of(entry.status), Why::version);
    if (statement.versions.empty() && statement.default_status != Status::unknown)
      return {outcome_of(statement.default_status), Why::default_status, {}, {}, query.scheme, Reading::stated};
    return {Outcome::unknown, Why::no_version, {}, {}, query.scheme, Reading::stated};
  }
  return statement.rule == Rule::first_match ? first_match(statement, query) : any_match(statement, query);
}

}  // namespace hf::vuln
