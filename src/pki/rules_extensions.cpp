// The rules of the standard extensions: RFC 5280 section 4.2.
#include <algorithm>
#include <array>
#include <set>

#include "crypto/digest.h"
#include "pki/lint.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
namespace oid = crypto::x509::oid;

// What a path is checked for here; another critical extension refuses it.
constexpr std::array kProcessed{oid::kSubjectKeyId,     oid::kKeyUsage,        oid::kSubjectAltName,
                                oid::kBasicConstraints, oid::kNameConstraints, oid::kPolicies,
                                oid::kPolicyMappings,   oid::kAuthorityKeyId,  oid::kPolicyConstraints,
                                oid::kExtendedKeyUsage, oid::kInhibitAnyPolicy};
constexpr std::array kNeverCritical{oid::kAuthorityKeyId, oid::kSubjectKeyId,     oid::kAuthorityInfo,
                                    oid::kSubjectInfo,    oid::kSubjectDirectory, oid::kFreshestCrl};
constexpr std::array kAlwaysCritical{oid::kNameConstraints, oid::kPolicyConstraints, oid::kInhibitAnyPolicy};

bool has(const Subject& subject, std::string_view extension) {
  return subject.certificate.extension(extension) != nullptr;
}

std::string duplicates(const Subject& subject) {
  std::set<std::string_view> seen;
  for (const auto& extension : subject.certificate.extensions)
    if (!seen.insert(extension.oid).second) return x509::oid_name(extension.oid) + " stands in it twice";
  return {};
}

std::string unknown_critical(const Subject& subject) {
  for (const auto& extension : subject.certificate.extensions)
    if (extension.critical && std::ranges::find(kProcessed, extension.oid) == kProcessed.end() &&
        std::ranges::find(kNeverCritical, extension.oid) == kNeverCritical.end())
      return "the critical extension " + x509::oid_name(extension.oid) + " is not known";
  return {};
}

std::string not_critical(const Subject& subject) {
  for (const auto& extension : subject.certificate.extensions)
    if (extension.critical && std::ranges::find(kNeverCritical, extension.oid) != kNeverCritical.end())
      return x509::oid_name(extension.oid) + " is critical";
  return {};
}

std::string critical(const Subject& subject) {
  for (const auto& extension : subject.certificate.extensions)
    if (!extension.critical && std::ranges::find(kAlwaysCritical, extension.oid) != kAlwaysCritical.end())
      return x509::oid_name(extension.oid) + " is not critical";
  return {};
}

std::string authority_key_id(const Subject& subject) {
  const auto& id = subject.certificate.authority_key_id;
  if (!id) return subject.self_signed ? "" : "it has no authorityKeyIdentifier, and is not self-signed";
  if (!id->key_id && !subject.self_signed) return "its authorityKeyIdentifier has no keyIdentifier";
  return id->issuer != id->serial ? "its authorityKeyIdentifier has one of issuer and serial number only" : "";
}

std::string ca_subject_key_id(const Subject& subject) {
  return subject.certificate.is_ca() && !subject.certificate.subject_key_id ? "it is a CA without subjectKeyIdentifier"
                                                                            : "";
}

std::string leaf_subject_key_id(const Subject& subject) {
  return !subject.certificate.is_ca() && !subject.certificate.subject_key_id ? "it has no subjectKeyIdentifier" : "";
}

std::string basic_constraints(const Subject& subject) {
  const auto* const extension = subject.certificate.extension(oid::kBasicConstraints);
  return subject.certificate.is_ca() && !extension->critical ? "it is a CA, and its basicConstraints is not critical"
                                                             : "";
}

std::string path_length(const Subject& subject) {
  const auto& certificate = subject.certificate;
  if (!certificate.basic_constraints || !certificate.basic_constraints->path_length) return {};
  if (!certificate.is_ca()) return "it has a path length, and is no CA";
  return (certificate.key_usage.value_or(0) & x509::key_cert_sign) == 0
             ? "it has a path length, and no keyUsage with keyCertSign"
             : "";
}

std::string cert_sign(const Subject& subject) {
  return !subject.certificate.is_ca() && (subject.certificate.key_usage.value_or(0) & x509::key_cert_sign) != 0
             ? "its key usage has keyCertSign, and it is no CA"
             : "";
}

std::string ca_key_usage(const Subject& subject) {
  const auto& certificate = subject.certificate;
  if (!certificate.is_ca()) return {};
  if (!certificate.key_usage) return "it is a CA without keyUsage";
  return (*certificate.key_usage & x509::key_cert_sign) == 0 ? "it is a CA, and its key usage has no keyCertSign" : "";
}

std::string key_usage_bits(const Subject& subject) {
  return subject.certificate.key_usage == 0U ? "its keyUsage has no bit" : "";
}

std::string key_usage_critical(const Subject& subject) {
  const auto* const extension = subject.certificate.extension(oid::kKeyUsage);
  return extension && !extension->critical ? "its keyUsage is not critical" : "";
}

std::string extended_key_usage(const Subject& subject) {
  const auto& usage = subject.certificate.extended_key_usage;
  if (!usage) return {};
  if (usage->empty()) return "its extendedKeyUsage is empty";
  return std::set<std::string_view>(usage->begin(), usage->end()).size() != usage->size()
             ? "its extendedKeyUsage names a purpose twice"
             : "";
}

std::string any_usage(const Subject& subject) {
  const auto& usage = subject.certificate.extended_key_usage;
  return usage && subject.certificate.extension(oid::kExtendedKeyUsage)->critical &&
                 std::ranges::find(*usage, oid::kAnyExtendedKeyUsage) != usage->end()
             ? "its extendedKeyUsage is critical and has anyExtendedKeyUsage"
             : "";
}

std::string time_stamping(const Subject& subject) {
  const auto& usage = subject.certificate.extended_key_usage;
  if (!usage || std::ranges::find(*usage, oid::kTimeStamping) == usage->end()) return {};
  return usage->size() != 1 || !subject.certificate.extension(oid::kExtendedKeyUsage)->critical
             ? "it is for time stamps, but not alone, or its extendedKeyUsage is not critical"
             : "";
}

std::string constraints_in_ca(const Subject& subject) {
  return has(subject, oid::kNameConstraints) && !subject.certificate.is_ca() ? "it has nameConstraints, and is no CA"
                                                                             : "";
}

std::string constraints_filled(const Subject& subject) {
  const auto& certificate = subject.certificate;
  if (certificate.name_constraints && certificate.name_constraints->permitted.empty() &&
      certificate.name_constraints->excluded.empty())
    return "its nameConstraints is empty";
  if (certificate.policy_constraints && !certificate.policy_constraints->require_explicit &&
      !certificate.policy_constraints->inhibit_mapping)
    return "its policyConstraints is empty";
  return {};
}

std::string policies(const Subject& subject) {
  const auto& list = subject.certificate.policies;
  if (!list) return {};
  if (list->empty()) return "its certificatePolicies is empty";
  return std::set<std::string_view>(list->begin(), list->end()).size() != list->size()
             ? "its certificatePolicies names a policy twice"
             : "";
}

std::string policy_mappings(const Subject& subject) {
  const auto& list = subject.certificate.policy_mappings;
  if (!list) return {};
  if (list->empty()) return "its policyMappings is empty";
  return std::ranges::any_of(
             *list, [](const auto& one) { return one.issuer == oid::kAnyPolicy || one.subject == oid::kAnyPolicy; })
             ? "its policyMappings maps anyPolicy"
             : "";
}

std::string policy_extensions_in_ca(const Subject& subject) {
  if (subject.certificate.is_ca()) return {};
  for (const auto extension : {oid::kPolicyMappings, oid::kPolicyConstraints, oid::kInhibitAnyPolicy})
    if (has(subject, extension)) return "it has " + x509::oid_name(extension) + ", and is no CA";
  return {};
}

std::string names_present(const Subject& subject) {
  const auto& certificate = subject.certificate;
  if (certificate.subject_alternative_names && certificate.subject_alternative_names->empty())
    return "its subjectAltName is empty";
  if (!certificate.subject.empty() || certificate.is_ca()) return {};
  const auto* const extension = certificate.extension(oid::kSubjectAltName);
  if (!extension) return "its subject is empty, and it has no subjectAltName";
  return extension->critical ? "" : "its subject is empty, and its subjectAltName is not critical";
}

constexpr Rule kRules[]{
    {"extension.once", Severity::error, "RFC 5280 4.2", true, &duplicates},
    {"extension.critical-known", Severity::error, "RFC 5280 4.2", true, &unknown_critical},
    {"extension.not-critical", Severity::error, "RFC 5280 4.2.1.1, 4.2.1.2, 4.2.1.8, 4.2.1.15, 4.2.2.1, 4.2.2.2", true,
     &not_critical},
    {"extension.critical", Severity::error, "RFC 5280 4.2.1.10, 4.2.1.11, 4.2.1.14", true, &critical},
    {"authority-key-id", Severity::error, "RFC 5280 4.2.1.1", true, &authority_key_id},
    {"subject-key-id.ca", Severity::error, "RFC 5280 4.2.1.2", true, &ca_subject_key_id},
    {"subject-key-id.leaf", Severity::notice, "RFC 5280 4.2.1.2", false, &leaf_subject_key_id},
    {"basic-constraints.critical", Severity::error, "RFC 5280 4.2.1.9", true, &basic_constraints},
    {"basic-constraints.path-length", Severity::error, "RFC 5280 4.2.1.9", true, &path_length},
    {"key-usage.cert-sign", Severity::error, "RFC 5280 4.2.1.9", true, &cert_sign},
    {"key-usage.ca", Severity::error, "RFC 5280 4.2.1.3", false, &ca_key_usage},
    {"key-usage.bits", Severity::error, "RFC 5280 4.2.1.3", true, &key_usage_bits},
    {"key-usage.critical", Severity::warning, "RFC 5280 4.2.1.3", false, &key_usage_critical},
    {"extended-key-usage", Severity::error, "RFC 5280 4.2.1.12", true, &extended_key_usage},
    {"extended-key-usage.any", Severity::warning, "RFC 5280 4.2.1.12", false, &any_usage},
    {"extended-key-usage.time-stamping", Severity::error, "RFC 3161 2.3", false, &time_stamping},
    {"name-constraints.ca", Severity::error, "RFC 5280 4.2.1.10", true, &constraints_in_ca},
    {"constraints.filled", Severity::error, "RFC 5280 4.2.1.10, 4.2.1.11", true, &constraints_filled},
    {"policies", Severity::error, "RFC 5280 4.2.1.4", true, &policies},
    {"policy-mappings", Severity::error, "RFC 5280 4.2.1.5", true, &policy_mappings},
    {"policy-extensions.ca", Severity::error, "RFC 5280 4.2.1.5, 4.2.1.11, 4.2.1.14", false, &policy_extensions_in_ca},
    {"subject-alt-name", Severity::error, "RFC 5280 4.1.2.6, 4.2.1.6", true, &names_present},
};

}  // namespace

std::span<const Rule> extension_rules() { return kRules; }

}  // namespace hf::pki
