// What people approve and the signer acts on: a document of canonical JSON, named by its digest. Nothing outside it
// counts: what is not in the request cannot be signed with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keys/charter.h"
#include "keys/formats/format.h"

namespace hf::keys {

enum class RequestKind {
  sign,     // this evidence, so many times (once, if nothing else is said)
  grant,    // a standing grant: what its limits allow, without asking again
  charter,  // another charter for the key
};
[[nodiscard]] std::string_view name_of(RequestKind kind);

// What a standing grant allows: within the charter's policy, and narrower.
struct Grant {
  std::int64_t signatures = 0;
  std::vector<std::string> products{}, formats{}, requesters{};
  std::optional<std::vector<std::string>> branches{};

  bool operator==(const Grant&) const = default;
};

struct Artifact {
  std::string name;
  std::int64_t size = 0;  // bytes
  std::string sha256;     // hex, of the unsigned file

  bool operator==(const Artifact&) const = default;
};

struct SigningRequest {
  RequestKind kind{};
  std::string id;  // 32 hex digits, random
  std::string key;
  int key_version = 1;
  std::string charter;    // digest of the charter that it was made under
  std::string requester;  // who asked: "user:5", "token:12"
  std::string person;     // whose account that is: "user:5"; may not approve
  std::string reason;
  std::string branch{};  // of the CI run, empty if none was told
  Time created_at{}, expires_at{};
  bool break_glass = false;
  // sign
  std::string product{};
  crypto::SignatureScheme scheme{};
  std::optional<Artifact> artifact{};
  std::string evidence_sha256{};  // hex
  std::optional<JsonObject>
      view{};  // to_json() of the evidence's view: the signer reads the evidence again and compares
  std::optional<Time> signing_time{};  // for containers that carry one
  std::string certificate_sha256{};    // of the signer's certificate, for containers that carry one
  std::int64_t uses = 1;
  // grant
  std::optional<Grant> grant{};
  // charter
  std::string next_charter{};  // digest

  bool operator==(const SigningRequest&) const = default;
};

[[nodiscard]] JsonObject to_json(const SigningRequest& request);
// HF-KEYS-0002. Closed, as charters are.
[[nodiscard]] Result<SigningRequest> request_of(const Json& json);
[[nodiscard]] std::string canonical(const SigningRequest& request);
[[nodiscard]] std::string digest_of(const SigningRequest& request);  // hex

}  // namespace hf::keys
