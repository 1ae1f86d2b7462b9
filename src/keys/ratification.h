// After glass was broken: the request that was signed with fewer approvals must be met by the full profile within the
// charter's break_glass_hours. People approve it as they approve any request, the same statement on the same digest;
// who approved before counts. Pure.
//
// The approvers and the profile are those of the charter in force when it is asked: it came there by the full profile
// itself, for no charter changes by breaking glass.
#pragma once

#include "keys/authorize.h"

namespace hf::keys {

enum class Ratification {
  open,      // it can still be in time
  ratified,  // the full profile agreed, in time or not
  overdue,   // it did not in time: the key breaks no more glass until it does
  rejected,  // an approver said no: the key breaks no more glass until its approvers agree to another charter
};
[[nodiscard]] std::string_view name_of(Ratification ratification);

// As standing_of(), with the full profile, and statements that are made after the request expired count.
[[nodiscard]] Standing ratification_standing(const Charter& charter, const SigningRequest& request,
                                             std::span<const Approval> approvals, Time now);
[[nodiscard]] std::vector<Lack> lacks_of_ratification(const Charter& charter, const SigningRequest& request,
                                                      std::span<const Approval> approvals, Time now);
[[nodiscard]] Ratification ratification_of(const Standing& standing, Time due, Time now);

}  // namespace hf::keys
