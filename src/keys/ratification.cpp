#include "keys/ratification.h"

#include <array>

namespace hf::keys {

std::string_view name_of(Ratification ratification) {
  constexpr std::array<std::string_view, 4> kNames{"open", "ratified", "overdue", "rejected"};
  return kNames[std::size_t(ratification)];
}

Standing ratification_standing(const Charter& charter, const SigningRequest& request,
                               std::span<const Approval> approvals, Time now) {
  // The statements are over the digest of the request as it is; only how they are counted is another.
  const auto verified = verified_of(charter, request, approvals);
  auto counted = request;
  counted.break_glass = false;
  counted.expires_at = Time::max();
  return standing_of(charter, counted, approvals, verified, now);
}

std::vector<Lack> lacks_of_ratification(const Charter& charter, const SigningRequest& request,
                                        std::span<const Approval> approvals, Time now) {
  std::vector<Lack> lacks;
  const auto standing = ratification_standing(charter, request, approvals, now);
  if (!standing.rejected_by.empty()) lacks.push_back({"rejected", "rejected by " + joined(standing.rejected_by)});
  for (const auto& step : standing.steps)
    if (step.people.size() < std::size_t(step.needed))
      lacks.push_back({"approvals", "step '" + step.name + "' has " + std::to_string(step.people.size()) + " of " +
                                        std::to_string(step.needed) + " approvals"});
  return lacks;
}

Ratification ratification_of(const Standing& standing, Time due, Time now) {
  if (!standing.rejected_by.empty()) return Ratification::rejected;
  if (standing.complete) return Ratification::ratified;
  return now >= due ? Ratification::overdue : Ratification::open;
}

}  // namespace hf::keys
