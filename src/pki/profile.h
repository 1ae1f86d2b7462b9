// Certificate profiles as data (profiles/*.json): what a kind of certificate requires, allows, forbids, fixes and
// copies from the request. The same profile builds certificates and judges them, so that neither can drift from the
// other.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pki/lint.h"

namespace hf::pki {

enum class Demand {
  require,  // it must be there; issuance takes it from the request or makes it
  allow,    // it may
  forbid,   // it must not
  fix,      // it must be there, with the profile's own value
  copy,     // it must be there, and comes from the request, within its bounds
};

struct AttributeRule {
  std::string type{};  // dotted
  Demand demand{};
  std::string value{};  // fix
  std::size_t size_min = 1, size_max = 64;
  std::string characters{};  // "0-9A-F": ranges and single ones; empty: any

  [[nodiscard]] std::string fault_of(std::string_view text) const;  // of an attribute's value; empty: within the bounds
};

struct ExtensionRule {
  std::string oid{};  // dotted
  Demand demand{};
  std::optional<bool> critical{};  // absent: either
};

struct Profile {
  std::string name{}, title{}, source{};
  bool ca = false;
  std::optional<std::uint64_t> path_length{};  // of a CA: exactly this
  std::vector<std::string> keys{};             // "ecdsa-p256"; empty: any
  std::optional<Time> until{};                 // notAfter is this
  std::int64_t days = 0, days_max = 0;         // else: as issued, and at most; 0: any
  std::size_t serial_min = 0;                  // octets
  std::vector<AttributeRule> subject{};
  bool other_attributes = true;
  std::vector<ExtensionRule> extensions{};
  bool other_extensions = true;
  unsigned usage_required = 0, usage_allowed = ~0U;  // KeyUsageBit
  std::vector<std::string> purposes{};               // extendedKeyUsage is exactly these; empty: not asked
  std::vector<std::string> path_purposes{};          // of PathQuestion

  [[nodiscard]] const ExtensionRule* extension(std::string_view oid) const;
};

// HF-PKI-0001 with every fault and where it is.
[[nodiscard]] Result<Profile> profile_of(const Json& json);
[[nodiscard]] std::span<const Profile> profiles();  // those that come with Holdfast, by name
[[nodiscard]] const Profile* find_profile(std::string_view name);
// "idevid": one that comes with Holdfast; a text with '/' or ".json": a file. HF-PKI-0002 if there is none.
[[nodiscard]] Result<Profile> profile_named(std::string_view name_or_file);
[[nodiscard]] Result<Json> profile_document_named(std::string_view name_or_file);  // the same, as it is written

// What the profile finds beyond the rules of lint.h. Rules are named "profile.subject.commonName".
[[nodiscard]] std::vector<Finding> check_profile(const Subject& subject, const Profile& profile);

// (name, JSON text) of profiles/*.json; generated.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> embedded_profiles();

[[nodiscard]] std::optional<unsigned> key_usage_of(std::string_view name);  // "digitalSignature"
[[nodiscard]] std::string text_of_key_usage(unsigned bits);                 // "digitalSignature, keyCertSign"

}  // namespace hf::pki
