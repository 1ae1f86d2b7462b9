// Where a request stands: computed from its documents, kept nowhere. Pure.
#pragma once

#include "keys/authorize.h"

namespace hf::keys {

enum class RequestState {
  waiting,     // for decisions
  approved,    // it can be used: a standing grant in this state lives
  used,        // as often as it was asked for; a charter: it is or was in force
  rejected,    // for good
  expired,     // unused, or no longer to be used
  superseded,  // the key has another charter than the request was made under
  refused,     // whatever is decided, the charter does not allow it
};
[[nodiscard]] std::string_view name_of(RequestState state);  // empty: there is no such value
[[nodiscard]] std::optional<RequestState> request_state_of(std::string_view name);

struct Judgement {
  RequestState state{};
  Standing standing;
  std::vector<Lack> lacks;  // of lacks_of_approval()
};
// `used`: signatures made under it; of a charter request 1 if that charter is or was in force.
[[nodiscard]] Judgement judge(const Charter& in_force, const SigningRequest& request,
                              std::span<const Approval> approvals, std::int64_t used, Time now);

[[nodiscard]] std::int64_t uses_of(const SigningRequest& request);  // how often it may be used
// Why nothing is left to decide, for people; empty: something is.
[[nodiscard]] std::string closed_because(const SigningRequest& request, const Judgement& judgement);
// The state in words, with what to do next.
[[nodiscard]] std::string sentence_of(const SigningRequest& request, const Judgement& judgement, std::int64_t used);

}  // namespace hf::keys
