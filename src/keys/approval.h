// A person's word on a request, as a signature: an attacker with the database can delete it, but not make one.
//
// The statement is canonical JSON: {"type":"holdfast-approval-1","request":"<digest>","decision","person","at"}. A key
// (PKCS#11 token, file) signs the statement's bytes; a WebAuthn authenticator signs an assertion whose challenge is the
// statement's SHA-256 (W3C Web Authentication, section 7.2).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "keys/request.h"

namespace hf::keys {

enum class Decision { approve, reject };

struct Statement {
  std::string request;  // digest, hex
  Decision decision{};
  std::string person;
  Time at{};

  bool operator==(const Statement&) const = default;
};
[[nodiscard]] std::string canonical(const Statement& statement);

struct Approval {
  Statement statement;
  CredentialKind kind{};
  Bytes signature{};  // over the statement, or the assertion's
  // WebAuthn
  Bytes authenticator_data{}, client_data{};

  bool operator==(const Approval&) const = default;
};
[[nodiscard]] JsonObject to_json(const Approval& approval);
[[nodiscard]] Result<Approval> approval_of(const Json& json);  // HF-KEYS-0003

// The approver whose signature it is; null if it is nobody's of these. Whoever the statement names must be the person
// of the credential that signed it.
[[nodiscard]] const Approver* signer_of(const Approval& approval, std::span<const Approver> approvers);

}  // namespace hf::keys
