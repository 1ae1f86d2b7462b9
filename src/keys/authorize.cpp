#include "keys/authorize.h"

#include <algorithm>
#include <map>
#include <set>

namespace hf::keys {
namespace {

// The clocks of an approver's machine and ours may differ so much.
constexpr std::chrono::minutes kSkew{5};

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}
bool allows(const std::optional<std::vector<std::string>>& list, std::string_view value) {
  return !list || contains(*list, value);
}

std::string names_or_none(const std::vector<std::string>& texts) { return texts.empty() ? "none" : joined(texts); }

struct Voice {  // one person's approval
  std::string person;
  Time at;
  std::set<std::string, std::less<>> roles;  // of the credentials that the person signed with
};

// Everyone who validly approved, in order of time; a person counts once, and the requester not at all.
std::vector<Voice> voices_of(const Charter& charter, const SigningRequest& request, std::span<const Approval> approvals,
                             const Verified& verified, Time now, std::vector<std::string>& rejected_by) {
  std::vector<Voice> voices;
  for (std::size_t i = 0; i < approvals.size(); ++i) {
    const auto& statement = approvals[i].statement;
    if (statement.request != verified.request || statement.person == request.person ||
        statement.person == request.requester)
      continue;
    if (statement.at < request.created_at - kSkew || statement.at > request.expires_at || statement.at > now + kSkew)
      continue;
    if (!verified.signers[i]) continue;
    const auto* const approver = &charter.approvers[*verified.signers[i]];
    if (statement.decision == Decision::reject) {
      rejected_by.push_back(approver->person);
      continue;
    }
    const auto known = std::ranges::find(voices, approver->person, &Voice::person);
    if (known == voices.end())
      voices.push_back({approver->person, statement.at, {approver->roles.begin(), approver->roles.end()}});
    else known->roles.insert(approver->roles.begin(), approver->roles.end());
  }
  std::ranges::stable_sort(voices, {}, &Voice::at);
  return voices;
}

bool speaks_for(const Voice& voice, const ApprovalStep& step) {
  return std::ranges::any_of(step.roles, [&](const auto& role) { return voice.roles.contains(role); });
}

using Places = std::vector<std::vector<std::size_t>>;  // of each step, who fills it, as indices of voices

// Gives `who` a place in some step, moving those who could as well stand elsewhere (augmenting path, Kuhn).
bool place(const std::vector<ApprovalStep>& steps, const std::vector<Voice>& voices, std::size_t who, Places& places,
           std::vector<bool>& seen) {
  for (std::size_t s = 0; s < steps.size(); ++s) {
    if (seen[s] || !speaks_for(voices[who], steps[s])) continue;
    seen[s] = true;
    if (places[s].size() < std::size_t(steps[s].needed)) return places[s].push_back(who), true;
    for (auto& holder : places[s]) {
      const auto other = holder;
      if (!place(steps, voices, other, places, seen)) continue;
      holder = who;
      return true;
    }
  }
  return false;
}

Places places_of(const ApprovalProfile& profile, const std::vector<ApprovalStep>& steps,
                 const std::vector<Voice>& voices) {
  Places places(steps.size());
  std::size_t current = 0;
  for (std::size_t who = 0; who < voices.size(); ++who) {
    if (!profile.ordered) {
      std::vector<bool> seen(steps.size());
      static_cast<void>(place(steps, voices, who, places, seen));
      continue;
    }
    if (current < steps.size() && speaks_for(voices[who], steps[current])) places[current].push_back(who);
    while (current < steps.size() && places[current].size() >= std::size_t(steps[current].needed)) ++current;
  }
  return places;
}

std::vector<ApprovalStep> steps_of(const Charter& charter, const SigningRequest& request) {
  if (request.break_glass && charter.break_glass) return {*charter.break_glass};
  return charter.approval.steps;
}

}  // namespace

Error refusal_of(std::span<const Lack> lacks, std::string_view code, std::string_view what) {
  std::string why, rules;
  for (const auto& [rule, sentence] : lacks) {
    why += (why.empty() ? "" : "; ") + sentence;
    rules += (rules.empty() ? "" : ",") + rule;
  }
  return {ErrorKind::forbidden, code, std::string(what) + ": " + why, rules};
}

Standing standing_of(const Charter& charter, const SigningRequest& request, std::span<const Approval> approvals,
                     const Verified& verified, Time now) {
  Standing standing;
  const auto voices = voices_of(charter, request, approvals, verified, now, standing.rejected_by);
  const auto steps = steps_of(charter, request);
  const auto places = places_of(charter.approval, steps, voices);
  standing.complete = standing.rejected_by.empty();
  for (std::size_t s = 0; s < steps.size(); ++s) {
    auto& step = standing.steps.emplace_back(Standing::Step{steps[s].name, steps[s].needed, {}});
    for (const auto who : places[s]) step.people.push_back(voices[who].person);
    standing.complete = standing.complete && step.people.size() >= std::size_t(step.needed);
  }
  return standing;
}

std::vector<Lack> lacks_of_approval(const Charter& charter, const SigningRequest& request,
                                    std::span<const Approval> approvals, const Verified& verified, Time now) {
  std::vector<Lack> lacks;
  if (request.key != charter.key) lacks.push_back({"key", "the request is for the key " + request.key});
  if (request.charter != verified.charter)
    lacks.push_back({"charter", "the charter of the key has changed since the request was made: ask again"});
  if (request.break_glass && !charter.break_glass)
    lacks.push_back({"break_glass", "the charter of the key allows no breaking of glass"});
  if (now < request.created_at - kSkew)
    lacks.push_back({"not_yet", "the request is from the future: a clock is wrong"});
  if (now >= request.expires_at)
    lacks.push_back({"expired", "the request expired at " + format_rfc3339(request.expires_at)});
  if (request.kind != RequestKind::grant &&
      request.expires_at - request.created_at > std::chrono::hours(charter.approval.hours))
    lacks.push_back({"expiry", "a request is good for at most " + std::to_string(charter.approval.hours) + " hours"});
  const auto standing = standing_of(charter, request, approvals, verified, now);
  if (!standing.rejected_by.empty())
    lacks.push_back({"rejected", "rejected by " + names_or_none(standing.rejected_by)});
  for (const auto& step : standing.steps)
    if (step.people.size() < std::size_t(step.needed))
      lacks.push_back({"approvals", "step '" + step.name + "' has " + std::to_string(step.people.size()) + " of " +
                                        std::to_string(step.needed) + " approvals"});
  if (request.kind == RequestKind::grant) {
    if (charter.grants.signatures == 0) lacks.push_back({"grant", "the charter of the key allows no standing grants"});
    else if (request.grant && request.grant->signatures > charter.grants.signatures)
      lacks.push_back(
          {"grant", "a grant may allow at most " + std::to_string(charter.grants.signatures) + " signatures"});
    if (request.expires_at - request.created_at > std::chrono::hours(24 * charter.grants.days))
      lacks.push_back({"grant", "a grant may last at most " + std::to_string(charter.grants.days) + " days"});
  }
  return lacks;
}

Verified verified_of(const Charter& charter, const SigningRequest& request, std::span<const Approval> approvals) {
  Verified verified{digest_of(charter), digest_of(request), {}};
  for (const auto& approval : approvals) {
    const auto* const approver = signer_of(approval, charter.approvers);
    verified.signers.push_back(approver ? std::optional<std::size_t>(approver - charter.approvers.data())
                                        : std::nullopt);
  }
  return verified;
}

Standing standing_of(const Charter& charter, const SigningRequest& request, std::span<const Approval> approvals,
                     Time now) {
  return standing_of(charter, request, approvals, verified_of(charter, request, approvals), now);
}

std::vector<Lack> lacks_of_approval(const Charter& charter, const SigningRequest& request,
                                    std::span<const Approval> approvals, Time now) {
  return lacks_of_approval(charter, request, approvals, verified_of(charter, request, approvals), now);
}

std::vector<Lack> lacks_of_policy(const Charter& charter, int key_version, const Use& use, const Counts& counts,
                                  Time now) {
  std::vector<Lack> lacks;
  const auto& policy = charter.policy;
  const auto lack = [&](std::string rule, std::string why) { lacks.push_back({std::move(rule), std::move(why)}); };
  const auto* version = charter.version(key_version);
  if (!version) lack("version", "the key has no version " + std::to_string(key_version));
  else if (version->state != VersionState::active) {
    const auto active = std::ranges::find(charter.versions, VersionState::active, &KeyVersion::state);
    lack("version",
         "version " + std::to_string(key_version) + " of the key is " + std::string(name_of(version->state)) +
             ", not active" +
             (active == charter.versions.end() ? std::string()
                                               : ": ask again, for version " + std::to_string(active->version)));
  } else if (!crypto::fits(use.scheme, version->algorithm))
    lack("scheme", std::string(crypto::name_of(use.scheme)) + " is not a scheme of this key");
  if (std::ranges::find(policy.schemes, use.scheme) == policy.schemes.end())
    lack("policy.schemes", std::string(crypto::name_of(use.scheme)) + " is not allowed");
  if (!contains(policy.formats, use.view.format))
    lack("policy.formats",
         "the format " + use.view.format + " is not allowed; allowed: " + names_or_none(policy.formats));
  if (!allows(policy.products, use.product))
    lack("policy.products",
         "the product '" + use.product + "' is not allowed; allowed: " + names_or_none(*policy.products));
  if (!allows(policy.kinds, use.view.kind))
    lack("policy.kinds",
         "an artifact of kind " + use.view.kind + " is not allowed; allowed: " + names_or_none(*policy.kinds));
  if (!allows(policy.requesters, use.requester)) lack("policy.requesters", use.requester + " may not ask");
  if (!allows(policy.branches, use.branch))
    lack("policy.branches",
         "the branch '" + use.branch + "' is not allowed; allowed: " + names_or_none(*policy.branches));
  for (const auto& name : use.view.compatible)
    if (!allows(policy.compatible, name))
      lack("policy.compatible",
           "the artifact says that it is for '" + name + "'; allowed: " + names_or_none(*policy.compatible));
  if (policy.compatible && use.view.compatible.empty() && !use.view.digest_only)
    lack("policy.compatible", "the artifact does not say what it is for");
  if (policy.min_security_version) {
    if (!use.view.security_version) lack("policy.min_security_version", "the artifact carries no security version");
    else if (*use.view.security_version < *policy.min_security_version)
      lack("policy.min_security_version", "security version " + std::to_string(*use.view.security_version) +
                                              " is below the floor of " + std::to_string(*policy.min_security_version));
  }
  // A signature of one kind must never be one of the other: the classes of keys do not mix, whatever formats a charter
  // names.
  const bool debug = is_debug_kind(use.view.kind);
  if (debug != (charter.key_class == KeyClass::debug))
    lack("class", debug ? "debug access is signed by a key of class debug, and this one is of class " +
                              std::string(name_of(charter.key_class))
                        : "a key of class debug signs nothing but debug access");
  if (debug)
    for (auto& [rule, why] :
         debug_refusals(policy.debug ? &*policy.debug : nullptr, use.view, use.break_glass, counts.of_challenge))
      lack(std::move(rule), std::move(why));
  if (use.view.digest_only && !policy.digest_only)
    lack("policy.digest_only", "only a digest is shown, and the charter of the key does not allow that");
  if (policy.not_before && now < *policy.not_before)
    lack("policy.window", "the key may be used from " + format_rfc3339(*policy.not_before));
  if (policy.not_after && now >= *policy.not_after)
    lack("policy.window", "the key could be used until " + format_rfc3339(*policy.not_after));
  if (policy.max_uses && counts.of_version >= *policy.max_uses)
    lack("policy.max_uses", "the key version has made all of its " + std::to_string(*policy.max_uses) + " signatures");
  if (policy.max_per_hour && counts.last_hour >= *policy.max_per_hour)
    lack("policy.max_per_hour",
         "the key has made " + std::to_string(counts.last_hour) + " signatures in the last hour");
  return lacks;
}

std::vector<Lack> lacks_of_use(const Charter& charter, const SigningRequest& request,
                               std::span<const Approval> approvals, const Use& use, const Counts& counts, Time now) {
  return lacks_of_use(charter, request, approvals, verified_of(charter, request, approvals), use, counts, now);
}

std::vector<Lack> lacks_of_use(const Charter& charter, const SigningRequest& request,
                               std::span<const Approval> approvals, const Verified& verified, const Use& use,
                               const Counts& counts, Time now) {
  auto lacks = lacks_of_approval(charter, request, approvals, verified, now);
  std::ranges::move(lacks_of_policy(charter, request.key_version, use, counts, now), std::back_inserter(lacks));
  const auto lack = [&](std::string rule, std::string why) { lacks.push_back({std::move(rule), std::move(why)}); };
  if (request.kind == RequestKind::sign) {
    if (use.evidence_sha256 != request.evidence_sha256 || !request.view || to_json(use.view) != *request.view)
      lack("evidence", "what is to be signed is not what was approved");
    if (use.scheme != request.scheme || use.product != request.product || use.requester != request.requester ||
        use.branch != request.branch || use.break_glass != request.break_glass)
      lack("evidence", "it is asked for in another way than was approved");
    if (counts.of_request >= request.uses)
      lack("used", request.uses == 1 ? std::string("the request has been used")
                                     : "the request has been used " + std::to_string(request.uses) + " times");
  } else if (request.kind == RequestKind::grant && request.grant) {
    const auto& grant = *request.grant;
    if (counts.of_request >= grant.signatures)
      lack("used", "the grant's " + std::to_string(grant.signatures) + " signatures are used up");
    if (!contains(grant.products, use.product))
      lack("grant.products", "the grant is not for the product '" + use.product + "'");
    if (!contains(grant.formats, use.view.format))
      lack("grant.formats", "the grant is not for the format " + use.view.format);
    if (!contains(grant.requesters, use.requester)) lack("grant.requesters", "the grant is not for " + use.requester);
    if (is_debug_kind(use.view.kind))
      lack("grant", "debug access is approved one device at a time, and not by a standing grant");
    if (!allows(grant.branches, use.branch))
      lack("grant.branches", "the grant is not for the branch '" + use.branch + "'");
  } else {
    lack("kind", "a request of this kind gives no signature");
  }
  return lacks;
}

std::vector<Lack> lacks_of_succession(const Charter& in_force, const Charter& next, const SigningRequest& request,
                                      std::span<const Approval> approvals, Time now) {
  auto lacks = lacks_of_approval(in_force, request, approvals, now);
  const auto lack = [&](std::string rule, std::string why) { lacks.push_back({std::move(rule), std::move(why)}); };
  if (request.kind != RequestKind::charter || request.next_charter != digest_of(next))
    lack("evidence", "the request is for another charter");
  if (request.break_glass) lack("break_glass", "a charter is not changed by breaking glass");
  if (next.key != in_force.key || next.key_class != in_force.key_class)
    lack("charter", "the charter is of another key");
  if (next.environment != in_force.environment) lack("charter", "a key stays in its environment: make another key");
  if (next.sequence != in_force.sequence + 1 || next.previous != digest_of(in_force))
    lack("charter", "the charter does not follow the one in force");
  for (const auto& version : in_force.versions) {
    const auto* later = next.version(version.version);
    if (!later || later->id != version.id || later->fingerprint != version.fingerprint ||
        later->algorithm != version.algorithm)
      lack("charter", "version " + std::to_string(version.version) + " of the key is not the same in it");
    // What has leaked or is gone does not come back (SP 800-57 part 1, section 7).
    else if (version.state == VersionState::compromised && later->state != VersionState::compromised &&
             later->state != VersionState::destroyed)
      lack("charter", "a compromised version stays compromised");
    else if (version.state == VersionState::destroyed && later->state != VersionState::destroyed)
      lack("charter", "a destroyed version stays destroyed");
  }
  int newest = 0;
  for (const auto& version : in_force.versions) newest = std::max(newest, version.version);
  for (const auto& version : next.versions)
    if (!in_force.version(version.version) && version.version <= newest)
      lack("charter", "a new version is numbered above all that there were");
  return lacks;
}

}  // namespace hf::keys
