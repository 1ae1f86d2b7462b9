#include "keys/debug_policy.h"

#include <algorithm>
#include <set>

#include "keys/formats/format.h"

namespace hf::keys {
namespace {

constexpr std::size_t kStatesMax = 32, kPermissionsMax = 64;  // hex digits

bool is_hex(std::string_view text) {
  return !text.empty() && text.size() % 2 == 0 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Bits of `asked` that `allowed` does not have. Of another length: all of them.
bool is_subset(std::string_view asked, std::string_view allowed) {
  const auto a = from_hex(asked), b = from_hex(allowed);
  if (!a || !b || a->size() != b->size()) return false;
  for (std::size_t i = 0; i < a->size(); ++i)
    if (((*a)[i] & ~(*b)[i]) != 0) return false;
  return true;
}

}  // namespace

JsonObject to_json(const DebugPolicy& policy) {
  JsonArray lifecycles;
  for (const auto& one : policy.lifecycles)
    lifecycles.push_back(JsonObject{{"state", one.state}, {"permissions", one.permissions}});
  return {{"lifecycles", std::move(lifecycles)}, {"class_wide", policy.class_wide}};
}

DebugPolicy read_debug_policy(Fields& in) {
  DebugPolicy policy;
  in.each("lifecycles", kStatesMax, [&](Fields& item) {
    policy.lifecycles.push_back({item.text("state", 64), item.text("permissions", kPermissionsMax)});
  });
  policy.class_wide = in.flag("class_wide");
  return policy;
}

void check_debug_policy(const DebugPolicy& policy, const std::string& pointer, std::vector<Fault>& faults) {
  if (policy.lifecycles.empty()) faults.push_back({pointer + "/lifecycles", "names at least one lifecycle state"});
  std::set<std::string_view> states;
  for (std::size_t i = 0; i < policy.lifecycles.size(); ++i) {
    const auto& one = policy.lifecycles[i];
    const auto at = pointer + "/lifecycles/" + std::to_string(i);
    if (one.state.empty() || !states.insert(one.state).second)
      faults.push_back({at + "/state", "a state that is named once is expected"});
    if (!is_hex(one.permissions)) faults.push_back({at + "/permissions", "lower case hexadecimal octets are expected"});
  }
}

bool is_debug_kind(std::string_view kind) { return kind == kDebugCertificate || kind == kDebugToken; }

std::string challenge_of(const View& view) { return std::string(text_at(view.facts, "challenge_sha256")); }

std::vector<DebugRefusal> debug_refusals(const DebugPolicy* policy, const View& view, bool break_glass,
                                         std::int64_t challenge_uses) {
  if (!policy) return {{"policy.debug", "the charter of the key says nothing of debug access"}};
  std::vector<DebugRefusal> refusals;
  const auto refuse = [&](std::string rule, std::string why) { refusals.push_back({std::move(rule), std::move(why)}); };
  const bool token = view.kind == kDebugToken;
  if (text_at(view.facts, "device").empty() && !break_glass && (token || !policy->class_wide))
    refuse("policy.debug.class_wide", token ? "it is for a whole class of devices, which takes breaking glass"
                                            : "it is for a whole class of devices, which the charter does not allow");
  const auto state = text_at(view.facts, "lifecycle"), permissions = text_at(view.facts, "permissions");
  const auto found = std::ranges::find(policy->lifecycles, state, &DebugPolicy::Lifecycle::state);
  if (found == policy->lifecycles.end())
    refuse("policy.debug.lifecycle", "nothing is allowed in the lifecycle state '" + std::string(state) + "'");
  else if (!is_subset(permissions, found->permissions))
    refuse("policy.debug.permissions", "the permissions " + std::string(permissions) + " are more than the " +
                                           found->permissions + " that are allowed in the lifecycle state '" +
                                           found->state + "'");
  const auto challenge = challenge_of(view);
  if (token && challenge.empty()) refuse("policy.debug.challenge", "it is bound to no challenge of a device");
  if (!challenge.empty() && challenge_uses > 0)
    refuse("challenge_used", "the challenge has been answered: the device gives another");
  return refusals;
}

}  // namespace hf::keys
