// A charter and a grant in sentences, for whoever has to agree to them. Pure. Every member is said, credentials by
// their fingerprints: of two charters whose words are equal, one may take the place of the other.
#pragma once

#include "keys/request.h"

namespace hf::keys {

struct Rule {
  std::string about;  // the member, once: "approval.steps", "policy.formats", "approvers.<fingerprint>.<person>"
  std::string text;
};
[[nodiscard]] std::vector<Rule> words_of(const Charter& charter);
[[nodiscard]] std::vector<Rule> words_of(const Grant& grant);
// Who can use it, in one sentence: "Each use needs 2 of 3 people (officer)."
[[nodiscard]] std::string approval_in_words(const Charter& charter);

}  // namespace hf::keys
