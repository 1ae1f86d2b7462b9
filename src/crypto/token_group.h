// Tokens that hold the same keys, as one: what one cannot do because it is ill or gone, the next does.
#pragma once

#include <functional>

#include "base/clock.h"
#include "crypto/token.h"

namespace hf::crypto {

struct GroupMember {
  std::string name;  // for messages
  std::function<Result<std::unique_ptr<Token>>()> open;
};

// Tried in order. A member is opened when it is needed; one that fails rests for a second, twice as long after each
// further failure up to a minute. It signs only with the very key that is pinned: a member that has another under the
// same CKA_ID is passed over, as is one whose signature does not verify. An error is the last member's, but one after
// which a signature may exist comes before one after which none does. Keys are made on the first member alone: how the
// others get them is the vendor's (cloning, wrapping).
[[nodiscard]] std::unique_ptr<Token> make_token_group(std::vector<GroupMember> members, const Clock& clock);

}  // namespace hf::crypto
