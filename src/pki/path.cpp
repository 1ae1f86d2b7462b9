#include "pki/path.h"

#include <algorithm>
#include <map>
#include <set>

#include "pki/path_check.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;

constexpr int kPathsMax = 4'000, kSignaturesMax = 1'000, kStepsMax = 100'000;

// Whether `issuer` may have issued `certificate`, going by names and key identifiers alone.
bool may_have_issued(const Certificate& issuer, const Certificate& certificate) {
  if (!x509::same_name(issuer.subject, certificate.issuer)) return false;
  if (!certificate.authority_key_id || !certificate.authority_key_id->key_id || !issuer.subject_key_id) return true;
  return std::ranges::equal(*certificate.authority_key_id->key_id, *issuer.subject_key_id);
}

bool same_entity(const Certificate& a, const Certificate& b) {
  return x509::same_name(a.subject, b.subject) && std::ranges::equal(a.spki, b.spki);
}

PathFinding no_path(std::string rule, std::string message) {
  return {{std::move(rule), Severity::error, "RFC 5280 6.1", std::move(message)}, std::nullopt};
}

}  // namespace

struct PathFinder::State {
  std::vector<std::unique_ptr<Known>> anchors, intermediates;
  std::span<const x509::Crl> crls;
  std::map<std::pair<const Known*, const Known*>, bool> signatures;  // (certificate, issuer)

  // Of one question.
  int paths = 0, verified = 0, steps = 0;
  std::set<const Known*> reachable;  // those from which an anchor can be reached
  std::optional<PathAnswer> best;
  bool only_sound = true, deeper = false;

  [[nodiscard]] bool spent() const { return paths >= kPathsMax || verified >= kSignaturesMax || steps >= kStepsMax; }

  bool signed_by(const Known& certificate, const Known& issuer) {
    const auto [at, fresh] = signatures.try_emplace({&certificate, &issuer}, false);
    if (fresh) {
      ++verified;
      const auto& of = certificate.subject.certificate;
      at->second = issuer.subject.key && certificate.subject.algorithm &&
                   issuer.subject.key->verify(*certificate.subject.algorithm, of.tbs, of.signature);
    }
    return at->second;
  }

  void find_reachable() {
    reachable.clear();
    std::vector<const Known*> next;
    for (const auto& anchor : anchors) next.push_back(anchor.get());
    while (!next.empty()) {
      const auto* const issuer = next.back();
      next.pop_back();
      for (const auto& one : intermediates)
        if (!reachable.contains(one.get()) && may_have_issued(issuer->subject.certificate, one->subject.certificate)) {
          reachable.insert(one.get());
          next.push_back(one.get());
        }
    }
  }

  // Short paths first: among CAs that sign each other, the long ones are countless. `deeper` tells whether there are
  // any.
  bool search(const Known& leaf, const PathQuestion& question) {
    std::vector<const Known*> path{&leaf};
    for (std::size_t between = 0; between <= question.depth_max; ++between) {
      deeper = false;
      if (extend(path, between, question)) return true;
      if (!deeper || spent()) return false;
    }
    return false;
  }

  // Whether the path so far, and as many more, make one that holds.
  bool extend(std::vector<const Known*>& path, std::size_t more, const PathQuestion& question) {
    if (spent()) return false;
    ++steps;
    return more == 0 ? end(path, question) : lengthen(path, more, question);
  }

  bool end(std::vector<const Known*>& path, const PathQuestion& question) {
    const auto& last = *path.back();
    deeper =
        deeper || std::ranges::any_of(intermediates, [&](const auto& one) { return may_follow(path, *one, question); });
    for (const auto& anchor : anchors) {
      if (!may_have_issued(anchor->subject.certificate, last.subject.certificate) || !signed_by(last, *anchor))
        continue;
      ++paths;
      path.push_back(anchor.get());
      PathAnswer answer;
      for (const auto* one : path) answer.path.push_back(&one->subject.certificate);
      answer.findings = check_path(path, question, crls);
      path.pop_back();
      const bool holds = answer.findings.empty();
      if (holds || !best || answer.findings.size() < best->findings.size()) best = std::move(answer);
      if (holds) return true;
    }
    return false;
  }

  bool lengthen(std::vector<const Known*>& path, std::size_t more, const PathQuestion& question) {
    for (const auto& one : intermediates) {
      if (!may_follow(path, *one, question) || !signed_by(*path.back(), *one)) continue;
      path.push_back(one.get());
      const bool holds = extend(path, more - 1, question);
      path.pop_back();
      if (holds) return true;
    }
    return false;
  }

  bool may_follow(const std::vector<const Known*>& path, const Known& one, const PathQuestion& question) const {
    const auto& certificate = one.subject.certificate;
    return reachable.contains(&one) && (!only_sound || is_sound(one, question)) &&
           may_have_issued(certificate, path.back()->subject.certificate) &&
           std::ranges::none_of(path,
                                [&](const auto* in) { return same_entity(in->subject.certificate, certificate); });
  }

  static bool is_sound(const Known& known, const PathQuestion& question) {
    const auto& certificate = known.subject.certificate;
    return known.faults.empty() && certificate.is_ca() && question.at >= certificate.validity.not_before &&
           std::chrono::floor<std::chrono::seconds>(question.at) <= certificate.validity.not_after;
  }
};

PathFinder::PathFinder(std::span<const Certificate> anchors, std::span<const Certificate> intermediates,
                       std::span<const x509::Crl> crls)
    : state_(std::make_unique<State>()) {
  for (const auto& one : anchors) state_->anchors.push_back(std::make_unique<Known>(one));
  for (const auto& one : intermediates) state_->intermediates.push_back(std::make_unique<Known>(one));
  state_->crls = crls;
}
PathFinder::~PathFinder() = default;

PathAnswer PathFinder::find(const Certificate& leaf, const PathQuestion& question) {
  auto& state = *state_;
  const Known known(leaf);
  state.paths = state.verified = state.steps = 0;
  state.best.reset();
  state.find_reachable();
  state.only_sound = true;
  const bool holds = state.search(known, question);
  const bool was_spent = state.spent();
  if (!holds && !state.best && !was_spent) {  // for what to say: the way over what is not sound
    state.only_sound = false;
    static_cast<void>(state.search(known, question));
  }
  std::erase_if(state.signatures, [&](const auto& one) { return one.first.first == &known; });
  if (state.best) return *std::move(state.best);
  PathAnswer none;
  none.path.push_back(&leaf);
  for (const auto& fault : known.faults) none.findings.push_back({fault, 0});
  none.findings.push_back(was_spent || state.spent()
                              ? no_path("path.bounds", "no path was found within 4,000 paths and 1,000 signatures")
                              : no_path("path.anchor", "no path leads from " + leaf.subject.text() + ", issued by " +
                                                           leaf.issuer.text() + ", to a trusted root"));
  return none;
}

}  // namespace hf::pki
