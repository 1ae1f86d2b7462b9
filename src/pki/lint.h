// Whether a certificate is as RFC 5280 has it. Each rule of the profile is one row with its clause; a path with a
// certificate that breaks a MUST is refused, which OpenSSL alone does for some of them only.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "crypto/verification.h"
#include "crypto/x509.h"

namespace hf::pki {

using crypto::x509::Certificate;

enum class Severity { error, warning, notice };  // MUST, SHOULD, worth knowing
[[nodiscard]] std::string_view name_of(Severity severity);

struct Finding {
  std::string rule{};  // "serial.positive": stable
  Severity severity{};
  std::string source{};   // "RFC 5280 4.1.2.2"
  std::string message{};  // what is wrong, and with what
};
[[nodiscard]] JsonObject to_json(const Finding& finding);

// A certificate with what rules ask of it more than once.
struct Subject {
  explicit Subject(const Certificate& of);

  const Certificate& certificate;
  std::optional<crypto::VerificationKey> key{};  // none: key_fault says why
  std::string key_fault{};
  std::optional<crypto::VerificationAlgorithm> algorithm{};
  bool self_signed = false;  // self-issued, and its own key verifies it
};

struct Rule {
  std::string_view id;
  Severity severity{};
  std::string_view source;
  // Whether a path is refused for it: the MUSTs, but for those that RFC 5280 section 6 has verifiers overlook.
  bool in_path = true;
  std::string (*check)(const Subject& subject){};  // empty: it holds
};
[[nodiscard]] std::span<const Rule> field_rules();      // tbsCertificate (4.1)
[[nodiscard]] std::span<const Rule> extension_rules();  // 4.2
[[nodiscard]] std::span<const Rule> name_rules();       // names, in subject, SAN and constraints
[[nodiscard]] std::span<const std::span<const Rule>> all_rules();

[[nodiscard]] std::vector<Finding> lint(const Subject& subject);
// Of these, what refuses a path.
[[nodiscard]] std::vector<Finding> path_faults(const Subject& subject);

}  // namespace hf::pki
