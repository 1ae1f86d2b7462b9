// The charter of a key: what it may sign, and who must agree. A document of canonical JSON, named by its digest.
//
// The signer process keeps the charter in force beside the token, where no database administrator can write, and puts
// another in its place only when the one in force allows it: a charter request approved by its own approvers.
// A request names the charter that it was approved under, so a later charter asks for new approvals.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "crypto/public_key.h"
#include "keys/debug_policy.h"
#include "keys/json_fields.h"

namespace hf::keys {

enum class KeyClass { firmware, device_ca, encryption, debug };  // DESIGN: the four classes a manufacturer owns
[[nodiscard]] std::string_view name_of(KeyClass key_class);
[[nodiscard]] std::optional<KeyClass> key_class_of(std::string_view name);

enum class Environment { production, test };
[[nodiscard]] std::string_view name_of(Environment environment);
[[nodiscard]] std::optional<Environment> environment_of(std::string_view name);

enum class CredentialKind {
  key,       // a signature over the statement itself: a PKCS#11 token or a file, through the command line
  webauthn,  // W3C Web Authentication assertion whose challenge is the statement's digest
};

struct Approver {
  std::string person{};  // "user:7"; a person with two credentials is one person
  std::string name{};    // as shown
  std::vector<std::string> roles{};
  CredentialKind kind{};
  crypto::PublicKey key{};
  std::string rp_id{}, origin{};  // WebAuthn only
  std::string credential_id{};    // WebAuthn only, base64url

  bool operator==(const Approver&) const = default;
};

// So many different people, each of one of these roles.
struct ApprovalStep {
  std::string name{};
  std::vector<std::string> roles{};
  int needed = 1;

  bool operator==(const ApprovalStep&) const = default;
};

struct ApprovalProfile {
  std::vector<ApprovalStep> steps{};
  bool ordered = false;  // a step counts approvals given after the step before it was complete
  int hours = 72;        // for which a request can be approved and used

  bool operator==(const ApprovalProfile&) const = default;
};

// A standing grant may allow at most this.
struct GrantLimits {
  std::int64_t signatures = 0;  // 0: no standing grants
  int days = 0;

  bool operator==(const GrantLimits&) const = default;
};

// Absent lists allow anything of their kind.
struct Policy {
  std::optional<std::vector<std::string>> products{};  // catalogue paths
  std::vector<std::string> formats{};                  // never absent
  std::optional<std::vector<std::string>> kinds{};
  std::vector<crypto::SignatureScheme> schemes{};        // never absent
  std::optional<std::vector<std::string>> requesters{};  // "user:5", "token:12"
  std::optional<std::vector<std::string>> branches{};    // as the CI token's claim or the request says, such as "main"
  std::optional<std::vector<std::string>> compatible{};  // each that the artifact names must be one of these
  std::optional<std::uint64_t> min_security_version{};   // an artifact that carries none is then refused
  std::optional<Time> not_before{}, not_after{};
  std::optional<std::int64_t> max_uses{};  // of this key version, ever
  std::optional<std::int64_t> max_per_hour{};
  bool digest_only = false;            // allows formats that show the signer a digest and nothing else
  std::optional<DebugPolicy> debug{};  // of a key of class debug; absent: it signs nothing

  bool operator==(const Policy&) const = default;
};

enum class VersionState { pre_active, active, verify_only, retired, compromised, destroyed };
[[nodiscard]] std::string_view name_of(VersionState state);
[[nodiscard]] std::optional<VersionState> version_state_of(std::string_view name);

struct KeyVersion {
  int version = 1;
  crypto::KeyAlgorithm algorithm{};
  Bytes id{};                    // CKA_ID
  crypto::Sha256 fingerprint{};  // of the SubjectPublicKeyInfo
  VersionState state = VersionState::active;

  bool operator==(const KeyVersion&) const = default;
};

struct Charter {
  std::string key{};  // its name
  KeyClass key_class{};
  Environment environment{};
  std::int64_t sequence = 1;              // of this key's charters
  std::optional<std::string> previous{};  // digest of the one before, hex
  std::string owner{}, deputy{};          // people
  std::vector<KeyVersion> versions{};
  Policy policy{};
  ApprovalProfile approval{};
  GrantLimits grants{};
  std::optional<ApprovalStep> break_glass{};  // enough to sign at once; the profile must be met afterwards
  int break_glass_hours = 24;                 // within which it must
  std::vector<Approver> approvers{};

  [[nodiscard]] const KeyVersion* version(int number) const;
  bool operator==(const Charter&) const = default;
};

[[nodiscard]] JsonObject to_json(const Charter& charter);
// What is wrong with it, each with the JSON pointer of its place; empty: nothing. A profile that its own approvers
// cannot meet is wrong, as is a deputy who is the owner.
[[nodiscard]] std::vector<Fault> faults_of(const Charter& charter);
// HF-KEYS-0001 with the first fault of shape or sense. Closed: an unknown member is a fault.
[[nodiscard]] Result<Charter> charter_of(const Json& json);
[[nodiscard]] std::string canonical(const Charter& charter);
[[nodiscard]] std::string digest_of(const Charter& charter);  // SHA-256 of the canonical text, hex

}  // namespace hf::keys
