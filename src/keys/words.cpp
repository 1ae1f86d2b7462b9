#include "keys/words.h"

#include <algorithm>
#include <set>

namespace hf::keys {
namespace {

std::string people(std::int64_t number) {
  return std::to_string(number) + (number == 1 ? std::string(" person") : std::string(" people"));
}
std::string signatures(std::int64_t number) {
  return std::to_string(number) + (number == 1 ? std::string(" signature") : std::string(" signatures"));
}

std::size_t people_of(const Charter& charter, const ApprovalStep& step) {
  std::set<std::string_view> found;
  for (const auto& approver : charter.approvers)
    if (std::ranges::any_of(approver.roles,
                            [&](const auto& role) { return std::ranges::find(step.roles, role) != step.roles.end(); }))
      found.insert(approver.person);
  return found.size();
}

std::string step_in_words(const Charter& charter, const ApprovalStep& step) {
  return std::to_string(step.needed) + " of " + people(std::int64_t(people_of(charter, step))) + " (" +
         joined(step.roles) + ")";
}

// Enough of a SHA-256 that nobody finds another key with it.
std::string short_fingerprint(ByteView digest) {
  constexpr std::size_t kDigits = 32;
  return to_hex(digest).substr(0, kDigits);
}

std::string names_or_nothing(const std::vector<std::string>& names) {
  return names.empty() ? std::string("nothing at all") : joined(names);
}

std::vector<std::string> names_of(const std::vector<crypto::SignatureScheme>& schemes) {
  std::vector<std::string> names;
  names.reserve(schemes.size());
  for (const auto scheme : schemes) names.emplace_back(crypto::name_of(scheme));
  return names;
}

}  // namespace

std::string approval_in_words(const Charter& charter) {
  std::string text = "Each use needs ";
  for (bool first = true; const auto& step : charter.approval.steps) {
    text += (first ? "" : charter.approval.ordered ? ", then " : " and ") + step_in_words(charter, step);
    first = false;
  }
  return text + ".";
}

std::vector<Rule> words_of(const Charter& charter) {
  std::vector<Rule> rules;
  const auto say = [&](std::string about, std::string text) { rules.push_back({std::move(about), std::move(text)}); };
  const auto list = [&](std::string about, const std::string& only,
                        const std::optional<std::vector<std::string>>& names, std::string any) {
    say(std::move(about), names ? only + " " + names_or_nothing(*names) + "." : std::move(any));
  };
  const auto& policy = charter.policy;
  say("owner", "Owned by " + charter.owner + "; deputy " + charter.deputy + ".");
  say("approval.steps", approval_in_words(charter) + " Whoever asks does not decide.");
  say("approval.hours", "A request is good for " + std::to_string(charter.approval.hours) + " hours.");
  list("policy.products", "For the products", policy.products, "For every product.");
  list("policy.formats", "In the formats", policy.formats, "");
  list("policy.kinds", "Of the kinds", policy.kinds, "For artifacts of every kind.");
  list("policy.schemes", "With the schemes", names_of(policy.schemes), "");
  list("policy.requesters", "Asked for by", policy.requesters, "Asked for by anyone who may ask.");
  list("policy.branches", "Built from the branches", policy.branches, "Built from any branch.");
  list("policy.compatible", "Only if the artifact says that it is for", policy.compatible,
       "Whatever the artifact says that it is for.");
  say("policy.min_security_version",
      policy.min_security_version
          ? "Security version " + std::to_string(*policy.min_security_version) + " or above; none is refused."
          : "No floor for the security version.");
  if (policy.not_before) say("policy.not_before", "Not before " + format_rfc3339(*policy.not_before) + ".");
  if (policy.not_after) say("policy.not_after", "Not after " + format_rfc3339(*policy.not_after) + ".");
  if (policy.max_uses) say("policy.max_uses", "At most " + signatures(*policy.max_uses) + " a version, ever.");
  if (policy.max_per_hour) say("policy.max_per_hour", "At most " + signatures(*policy.max_per_hour) + " an hour.");
  say("policy.digest_only", policy.digest_only ? "A bare digest may be signed: nobody sees what it is of."
                                               : "A bare digest is refused: what is signed has to be shown.");
  if (policy.debug) {
    for (const auto& [state, permissions] : policy.debug->lifecycles)
      say("policy.debug." + state,
          "Debug access in the lifecycle state " + state + ": at most the permissions " + permissions + ".");
    say("policy.debug.class_wide", policy.debug->class_wide
                                       ? "Certificates for a whole class of devices may be signed."
                                       : "For one device at a time; for a whole class only in an emergency.");
  }
  say("grants", charter.grants.signatures == 0
                    ? std::string("No standing grants.")
                    : "A standing grant may allow up to " + signatures(charter.grants.signatures) + " in " +
                          std::to_string(charter.grants.days) + (charter.grants.days == 1 ? " day." : " days."));
  say("break_glass", charter.break_glass ? "In an emergency " + step_in_words(charter, *charter.break_glass) +
                                               " is enough at once; the others have " +
                                               std::to_string(charter.break_glass_hours) + " hours to follow."
                                         : std::string("No shorter way in an emergency."));
  for (const auto& approver : charter.approvers) {
    const auto credential = short_fingerprint(crypto::sha256({crypto::to_spki(approver.key)}));
    const auto how = approver.kind == CredentialKind::key
                         ? "with the key " + credential
                         : "with the authenticator " + credential + " (" + approver.credential_id + ") of " +
                               approver.rp_id + " at " + approver.origin;
    say("approvers." + credential + "." + approver.person,
        approver.person + ", " + approver.name + " (" + names_or_nothing(approver.roles) + ") decides " + how + ".");
  }
  for (const auto& version : charter.versions)
    say("versions." + std::to_string(version.version),
        "Version " + std::to_string(version.version) + ", " + std::string(crypto::name_of(version.algorithm)) + " " +
            short_fingerprint(version.fingerprint) + ", is " + std::string(name_of(version.state)) + ".");
  return rules;
}

std::vector<Rule> words_of(const Grant& grant) {
  return {{"signatures", "Up to " + signatures(grant.signatures) + ", without asking again."},
          {"products", "For the products " + names_or_nothing(grant.products) + "."},
          {"formats", "In the formats " + names_or_nothing(grant.formats) + "."},
          {"requesters", "Used by " + names_or_nothing(grant.requesters) + "."},
          {"branches", grant.branches ? "Built from the branches " + names_or_nothing(*grant.branches) + "."
                                      : "Built from any branch."}};
}

}  // namespace hf::keys
