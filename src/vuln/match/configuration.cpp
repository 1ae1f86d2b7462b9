#include "vuln/match/configuration.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "vuln/version/range.h"

namespace hf::vuln {
namespace {

std::string plain_or_empty(const Cpe& cpe, CpeAttribute attribute) {
  return cpe.is_any(attribute) || cpe.is_na(attribute) ? std::string() : cpe.plain(attribute);
}

std::string range_text(const CpeMatch& match, const Cpe& criteria) {
  if (!(match.interval == Interval{})) return to_text(Range{Scheme::generic, {match.interval}, {}});
  if (criteria.is_any(CpeAttribute::version)) return "every version";
  if (criteria.is_na(CpeAttribute::version)) return "no version (-)";
  return "= " + criteria.plain(CpeAttribute::version) + plain_or_empty(criteria, CpeAttribute::update);
}

// Vendor and product decide whether it is the same product at all; 7696 table 6-2 for each, with the vendor rule
// where the component leaves the vendor open.
Identity identity_of(const Cpe& criteria, const Cpe& claimed, const ProductDictionary& dictionary) {
  const auto product = criteria.plain(CpeAttribute::product);
  if (criteria.is_any(CpeAttribute::product)) return Identity::none;
  if (fold_name(product) != fold_name(claimed.plain(CpeAttribute::product))) return Identity::none;
  if (criteria.is_any(CpeAttribute::vendor)) return Identity::candidate;
  return judge_vendor(product, claimed.is_any(CpeAttribute::vendor) ? "" : claimed.plain(CpeAttribute::vendor),
                      criteria.plain(CpeAttribute::vendor), dictionary);
}

CpeVerdict judge_version(const CpeMatch& match, const Cpe& criteria, const Claim& claim, CpeVerdict verdict) {
  const auto no = [&](Why why) { return verdict.truth = Truth::no, verdict.why = why, verdict; };
  const auto open = [&](Why why) { return verdict.truth = Truth::open, verdict.why = why, verdict; };
  const auto yes = [&] { return verdict.truth = Truth::yes, verdict.why = Why::version, verdict; };
  const bool bounded = !(match.interval == Interval{});
  if (criteria.is_any(CpeAttribute::version) && !bounded) {
    // "*" covers every version; an update alone ("*:beta1") narrows it.
    const auto update = plain_or_empty(criteria, CpeAttribute::update);
    if (update.empty()) return yes();
    return claim.version.ends_with(update) ? yes() : no(Why::outside);
  }
  // NA is equal to NA alone: "-" never covers a stated version (DependencyTrack #3268 shows what else happens).
  const bool na = claim.cpe && claim.cpe->is_na(CpeAttribute::version);
  if (criteria.is_na(CpeAttribute::version)) {
    if (na) return yes();
    return claim.version.empty() ? open(Why::no_version) : no(Why::outside);
  }
  if (na) return no(Why::outside);
  if (claim.version.empty()) return open(Why::no_version);
  if (bounded) {
    auto contained = contains(claim.scheme, match.interval, claim.version);
    if (contained == Verdict::unknown && claim.scheme != Scheme::generic) {
      verdict.scheme = Scheme::generic;
      contained = contains(Scheme::generic, match.interval, claim.version);
    }
    if (contained == Verdict::inside) return yes();
    return contained == Verdict::outside ? no(Why::outside) : open(Why::incomparable);
  }
  // One version. The update is part of it: "9.6" with "p1" is 9.6p1 and not 9.6.
  const auto exact = criteria.plain(CpeAttribute::version) + plain_or_empty(criteria, CpeAttribute::update);
  const bool equal = exact == claim.version ||
                     compare(claim.scheme, exact, claim.version) == std::strong_ordering::equal ||
                     compare(criteria[CpeAttribute::version], claim.version) == CpeRelation::superset;
  return equal ? yes() : no(Why::outside);
}

constexpr std::array kVariants{CpeAttribute::edition,   CpeAttribute::language,  CpeAttribute::sw_edition,
                               CpeAttribute::target_sw, CpeAttribute::target_hw, CpeAttribute::other};

struct Hit {
  ConfigurationVerdict verdict;
  Truth truth;
};

struct Walk {
  const ComponentSet& set;
  const ProductDictionary& dictionary;
  std::vector<ConfigurationVerdict> misses;  // the product is named, this version is not covered
};

struct Answer {
  Truth truth = Truth::no;
  std::vector<Hit> hits;               // vulnerable parts that make it true or leave it open
  std::vector<std::string> platforms;  // what was looked for and found or not
};

Answer answer(const CpeMatch& match, std::string where, Walk& walk) {
  Answer out;
  const auto criteria = Cpe::parse(match.criteria);
  if (!criteria) {
    out.truth = Truth::open;  // a criteria that nobody can read proves nothing
    return out;
  }
  for (const auto index : walk.set.with_key("product:" + fold_name(criteria->plain(CpeAttribute::product)))) {
    const auto& claims = walk.set.subjects()[index].claims;
    std::optional<Hit> best;
    std::optional<ConfigurationVerdict> miss;
    for (std::size_t i = 0; i < claims.size(); ++i) {
      if (!claims[i].cpe) continue;
      const auto judged = judge(match, *criteria, claims[i], walk.dictionary);
      if (judged.identity == Identity::none) continue;
      ConfigurationVerdict verdict{index,
                                   i,
                                   judged.truth == Truth::yes ? Outcome::affected : Outcome::unknown,
                                   judged.why,
                                   judged.identity,
                                   where,
                                   range_text(match, *criteria),
                                   judged.scheme,
                                   {}};
      if (judged.truth == Truth::no) {
        verdict.outcome = Outcome::unaffected;
        if (!miss || miss->identity < verdict.identity) miss = std::move(verdict);
      } else if (!best || best->truth < judged.truth ||
                 (best->truth == judged.truth && best->verdict.identity < judged.identity)) {
        best = Hit{std::move(verdict), judged.truth};
      }
    }
    if (best) {
      // A mere candidate makes nothing true: another product of that name may be meant.
      out.truth = std::max(out.truth, best->verdict.identity == Identity::candidate ? Truth::open : best->truth);
      if (match.vulnerable) out.hits.push_back(*std::move(best));
    } else if (miss && match.vulnerable) {
      walk.misses.push_back(*std::move(miss));
    }
  }
  if (!match.vulnerable) {
    const auto part = (*criteria)[CpeAttribute::part].front();
    if (out.truth == Truth::no && !walk.set.describes(part, walk.dictionary)) {
      out.truth = Truth::open;
      out.platforms.push_back(match.criteria + " not described");
    } else {
      out.platforms.push_back(match.criteria + (out.truth == Truth::no ? " absent" : " present"));
    }
  }
  return out;
}

void merge(Answer& into, Answer&& from, bool all, bool first) {
  into.truth = first ? from.truth : all ? std::min(into.truth, from.truth) : std::max(into.truth, from.truth);
  std::move(from.hits.begin(), from.hits.end(), std::back_inserter(into.hits));
  std::move(from.platforms.begin(), from.platforms.end(), std::back_inserter(into.platforms));
}

Answer answer(const CpeNode& node, const std::string& above, Walk& walk) {
  const auto where = above + node.where;
  Answer out;
  bool first = true;
  const auto misses_before = walk.misses.size();
  for (std::size_t i = 0; i < node.matches.size(); ++i)
    merge(out, answer(node.matches[i], where + "/cpeMatch/" + std::to_string(i), walk), node.all,
          std::exchange(first, false));
  for (const auto& child : node.children) merge(out, answer(child, where, walk), node.all, std::exchange(first, false));
  if (node.negate) {
    // "Not this product": nothing in it can be the vulnerable part.
    out.truth = out.truth == Truth::yes ? Truth::no : out.truth == Truth::no ? Truth::yes : Truth::open;
    for (const auto& hit : out.hits) out.platforms.push_back("not " + hit.verdict.where);
    out.hits.clear();
    walk.misses.resize(misses_before);
    return out;
  }
  if (!node.all) {
    if (!out.hits.empty()) out.platforms.clear();  // alternatives, not conditions
    return out;
  }
  for (auto& hit : out.hits)
    if (hit.verdict.platforms.empty()) hit.verdict.platforms = out.platforms;
  if (out.truth == Truth::yes) return out;
  // AND: the part is there, but the rest of the condition is not met, or not known to be.
  for (auto& hit : out.hits) {
    if (out.truth == Truth::open && hit.truth == Truth::open) continue;  // open for its own reason
    hit.verdict.outcome = out.truth == Truth::no ? Outcome::unaffected : Outcome::unknown;
    hit.verdict.why = Why::platform;
    hit.verdict.platforms = out.platforms;
    hit.truth = out.truth;
  }
  if (out.truth == Truth::no) {
    for (auto& hit : out.hits) walk.misses.push_back(std::move(hit.verdict));
    out.hits.clear();
    out.platforms.clear();
  }
  return out;
}

}  // namespace

CpeVerdict judge(const CpeMatch& match, const Cpe& criteria, const Claim& claim, const ProductDictionary& dictionary) {
  CpeVerdict verdict;
  verdict.scheme = claim.scheme;
  if (!claim.cpe) return verdict;
  verdict.identity = identity_of(criteria, *claim.cpe, dictionary);
  if (verdict.identity == Identity::none) return verdict;
  // Yocto writes '*' for the part.
  const auto part = compare(criteria[CpeAttribute::part], (*claim.cpe)[CpeAttribute::part]);
  if (part == CpeRelation::disjoint) {
    verdict.identity = Identity::none;
    return verdict;
  }
  bool narrower = false;
  for (const auto attribute : kVariants) {
    const auto relation = compare(criteria[attribute], (*claim.cpe)[attribute]);
    if (relation == CpeRelation::equal || relation == CpeRelation::superset) continue;
    if (relation == CpeRelation::disjoint) {
      verdict.why = Why::outside;
      return verdict;
    }
    narrower = true;
  }
  verdict = judge_version(match, criteria, claim, verdict);
  if (narrower && verdict.truth == Truth::yes) {
    verdict.truth = Truth::open;
    verdict.why = Why::underspecified;
  }
  return verdict;
}

std::vector<ConfigurationVerdict> evaluate(const Configuration& configuration, const ComponentSet& set,
                                           const ProductDictionary& dictionary) {
  Walk walk{set, dictionary, {}};
  auto whole = answer(configuration.root, {}, walk);
  std::map<std::uint32_t, ConfigurationVerdict> verdicts;  // the strongest per component
  const auto offer = [&](ConfigurationVerdict&& verdict) {
    const auto strength = [](const ConfigurationVerdict& v) {
      return std::pair(v.outcome == Outcome::affected ? 2 : v.outcome == Outcome::unknown ? 1 : 0, v.identity);
    };
    const auto [at, fresh] = verdicts.try_emplace(verdict.component, verdict);
    if (!fresh && strength(at->second) < strength(verdict)) at->second = std::move(verdict);
  };
  for (auto& hit : whole.hits) offer(std::move(hit.verdict));
  for (auto& miss : walk.misses) offer(std::move(miss));
  std::vector<ConfigurationVerdict> out;
  for (auto& [component, verdict] : verdicts) out.push_back(std::move(verdict));
  return out;
}

}  // namespace hf::vuln
