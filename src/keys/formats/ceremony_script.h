// The script of a key ceremony, as one closed canonical JSON object (RFC 8785): who is there, with which credential,
// and what they do, step by step, with what must come of it. It is approved and signed like any artifact, in a DSSE
// envelope (ceremony.cpp), before the ceremony; the machine that runs it takes no other.
//
// Nothing here has a clock or a key. What a step does is in ceremony/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "keys/charter.h"

namespace hf::keys {

inline constexpr std::string_view kCeremonyScriptType = "application/vnd.holdfast.ceremony-script+json";
inline constexpr std::size_t kCeremonyScriptMax = 36U << 10;  // bytes, so that a transcript's line holds its envelope
inline constexpr std::size_t kCeremonyStepsMax = 128;

enum class StepKind {
  statement,       // what is so: who is present, which seals are whole
  digest,          // SHA-256 of a file
  generate_key,    // a new key pair on the machine's token
  self_sign_root,  // the root's certificate, by such a key
  sign_request,    // a certificate for a request file (ca_request.h), by such a key
  sign_crl,        // a CRL for a request file
  export_files,    // what earlier steps made, written to a medium and read back
  destroy,         // what is destroyed, and how that was seen
  note,            // a remark for the record
};
[[nodiscard]] std::string_view name_of(StepKind kind);
[[nodiscard]] std::optional<StepKind> step_kind_of(std::string_view name);

// So many different people.
struct CeremonyRole {
  std::string name{};
  int needed = 1;
  bool alone = true;  // whoever has it has no other role

  bool operator==(const CeremonyRole&) const = default;
};

struct CeremonyStep {
  std::string id{};
  StepKind kind{};
  std::string actor{};                   // role
  std::vector<std::string> witnesses{};  // roles: of each, one person; none of them the actor
  std::string text{};                    // what is to be done, for people
  // What must come of it, known beforehand: a text, or a SHA-256 in lower-case hex. None: it is recorded, and
  // confirmed.
  std::optional<std::string> expected{};
  std::optional<std::string> asks{};  // statement, destroy, note: what the actor enters; none: nothing
  // digest
  std::optional<std::string> file{};  // its name, for people
  // generate_key; and the key that the others sign with
  std::optional<std::string> key{};
  std::optional<crypto::KeyAlgorithm> algorithm{};
  // self_sign_root, sign_request
  std::optional<std::string> profile{}, profile_sha256{};
  std::optional<std::string> subject{};  // self_sign_root: "CN=Example Root CA,O=Example"
  std::optional<std::int64_t> days{};    // else the profile's
  // sign_request, sign_crl: the certificate of the CA by the step that made it, or by its SHA-256
  std::optional<std::string> ca_step{}, ca_sha256{};
  std::optional<std::string> request_sha256{};  // of the request, where it is known beforehand
  std::optional<std::string> out{};             // name of the file that comes of it
  std::vector<std::string> of{};                // export_files: steps

  bool operator==(const CeremonyStep&) const = default;
};
// Whether the step uses the machine's token.
[[nodiscard]] bool uses_token(StepKind kind);

struct CeremonyScript {
  std::string title{}, purpose{}, place{};
  std::vector<KeyClass> classes{};
  Environment environment{};
  std::optional<Time> not_before{}, not_after{};  // when it may begin
  std::vector<CeremonyRole> roles{};
  std::vector<Approver> people{};  // their roles are those of the ceremony
  std::vector<CeremonyStep> steps{};

  [[nodiscard]] const CeremonyStep* step(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> people_of(std::string_view role) const;  // each once
  bool operator==(const CeremonyScript&) const = default;
};

[[nodiscard]] JsonObject to_json(const CeremonyScript& script);
[[nodiscard]] JsonObject to_json(const CeremonyStep& step);
[[nodiscard]] std::string canonical(const CeremonyScript& script);
[[nodiscard]] std::string digest_of(const CeremonyScript& script);  // SHA-256 of the canonical text, hex
// What is wrong with it, each with the JSON pointer of its place.
[[nodiscard]] std::vector<Fault> faults_of(const CeremonyScript& script);
// HF-CEREMONY-0001 with every fault and where it is.
[[nodiscard]] Result<CeremonyScript> ceremony_script_of(const Json& json);
// The same, also for bytes that are not the one text of their value.
[[nodiscard]] Result<CeremonyScript> ceremony_script_of(ByteView text);
// All of it as people see it before they approve.
[[nodiscard]] JsonObject facts_of(const CeremonyScript& script);

}  // namespace hf::keys
