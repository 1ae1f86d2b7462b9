// Whether a signature may be made: the whole rule, pure. The service asks it to say early what is missing; the signer
// process asks it with its own charter, clock and counts, and there it decides.
#pragma once

#include <string>
#include <vector>

#include "keys/approval.h"

namespace hf::keys {

// What one signature is of. For a `sign` request it must be what the request says; under a grant it is the caller's.
struct Use {
  std::string requester, branch, product;
  crypto::SignatureScheme scheme{};
  View view;                    // read from the evidence by whoever asks, never taken from a caller
  std::string evidence_sha256;  // hex
  bool break_glass = false;     // as the request says
};

// Counted by whoever asks, so far, without the use in question.
struct Counts {
  std::int64_t of_request = 0;    // signatures made or begun under this request
  std::int64_t of_version = 0;    // of this key version, ever
  std::int64_t last_hour = 0;     // of this key, in the hour before now
  std::int64_t of_challenge = 0;  // for the same challenge of a device, under any request and key
};

// One thing that is missing, with a stable word for programs and a sentence for people.
struct Lack {
  std::string rule;  // "approvals", "policy.formats", "expired", ...
  std::string why;
};

// Forbidden: the sentences of all for the caller, their rules as detail.
[[nodiscard]] Error refusal_of(std::span<const Lack> lacks, std::string_view code, std::string_view what);

// What of a request stays as it is while its charter and its approvals do: the digests, and whose each approval is.
// Worth keeping where one request is used often: to verify approvals takes longer than to sign.
struct Verified {
  std::string charter, request;                     // digests, hex
  std::vector<std::optional<std::size_t>> signers;  // of each approval, by place in charter.approvers; none: nobody's

  bool operator==(const Verified&) const = default;
};
[[nodiscard]] Verified verified_of(const Charter& charter, const SigningRequest& request,
                                   std::span<const Approval> approvals);

// Of the approvals: who approved which step, and what is still needed.
struct Standing {
  struct Step {
    std::string name;
    int needed = 0;
    std::vector<std::string> people;  // who approved it
  };
  std::vector<Step> steps;
  std::vector<std::string> rejected_by;
  bool complete = false;
};
[[nodiscard]] Standing standing_of(const Charter& charter, const SigningRequest& request,
                                   std::span<const Approval> approvals, Time now);
// `verified`, here and below, is verified_of() these very three.
[[nodiscard]] Standing standing_of(const Charter& charter, const SigningRequest& request,
                                   std::span<const Approval> approvals, const Verified& verified, Time now);

// Empty: it may. Everything that is lacking, not only the first.
[[nodiscard]] std::vector<Lack> lacks_of_approval(const Charter& charter, const SigningRequest& request,
                                                  std::span<const Approval> approvals, Time now);
[[nodiscard]] std::vector<Lack> lacks_of_approval(const Charter& charter, const SigningRequest& request,
                                                  std::span<const Approval> approvals, const Verified& verified,
                                                  Time now);
// Of the policy alone, for one use: what a request is checked against before people are asked.
[[nodiscard]] std::vector<Lack> lacks_of_policy(const Charter& charter, int key_version, const Use& use,
                                                const Counts& counts, Time now);
// Both, and that the use is what the request or its grant says.
[[nodiscard]] std::vector<Lack> lacks_of_use(const Charter& charter, const SigningRequest& request,
                                             std::span<const Approval> approvals, const Verified& verified,
                                             const Use& use, const Counts& counts, Time now);
[[nodiscard]] std::vector<Lack> lacks_of_use(const Charter& charter, const SigningRequest& request,
                                             std::span<const Approval> approvals, const Use& use, const Counts& counts,
                                             Time now);
// Whether a charter may take the place of the one in force: approved by the approvers of the one in force.
[[nodiscard]] std::vector<Lack> lacks_of_succession(const Charter& in_force, const Charter& next,
                                                    const SigningRequest& request, std::span<const Approval> approvals,
                                                    Time now);

}  // namespace hf::keys
