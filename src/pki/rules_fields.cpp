// The rules of the basic certificate fields: RFC 5280 section 4.1.
#include <algorithm>

#include "pki/lint.h"

namespace hf::pki {
namespace {

using crypto::HashKind;
using crypto::KeyKind;
namespace x509 = crypto::x509;

std::string version(const Subject& subject) {
  const auto& certificate = subject.certificate;
  if (!certificate.extensions.empty() && certificate.version != 3)
    return "it has extensions, but its version is not v3";
  if (certificate.unique_ids && certificate.version < 2) return "it has unique identifiers, but its version is v1";
  return {};
}

std::string unique_ids(const Subject& subject) {
  return subject.certificate.unique_ids ? "it has issuerUniqueID or subjectUniqueID" : "";
}

std::string serial_positive(const Subject& subject) {
  const auto serial = subject.certificate.serial;
  if ((serial[0] & 0x80) != 0) return "its serial number is negative: -" + to_hex(serial);
  return std::ranges::all_of(serial, [](std::uint8_t byte) { return byte == 0; }) ? "its serial number is 0" : "";
}

std::string serial_size(const Subject& subject) {
  constexpr std::size_t kMax = 20;
  const auto size = subject.certificate.serial.size();
  return size > kMax ? "its serial number takes " + std::to_string(size) + " octets, more than 20" : "";
}

std::string serial_entropy(const Subject& subject) {
  constexpr std::size_t kMin = 8;
  return subject.certificate.serial.size() < kMin ? "its serial number is shorter than 8 octets, so it may be guessed"
                                                  : "";
}

std::string same_algorithm(const Subject& subject) {
  const auto& certificate = subject.certificate;
  return std::ranges::equal(certificate.signature_algorithm, certificate.tbs_signature_algorithm)
             ? ""
             : "signatureAlgorithm is not the signature field of tbsCertificate";
}

std::string known_algorithm(const Subject& subject) {
  return subject.algorithm ? "" : "its signature algorithm or the parameters of it are not taken";
}

std::string strong_hash(const Subject& subject) {
  return subject.algorithm && subject.algorithm->hash == HashKind::sha1 ? "it is signed over SHA-1" : "";
}

std::string key_form(const Subject& subject) { return subject.key_fault; }

std::string key_strength(const Subject& subject) { return subject.key ? subject.key->weakness() : ""; }

std::string issuer_present(const Subject& subject) {
  return subject.certificate.issuer.empty() ? "its issuer is empty" : "";
}

std::string ca_subject(const Subject& subject) {
  return subject.certificate.is_ca() && subject.certificate.subject.empty() ? "it is a CA, and its subject is empty"
                                                                            : "";
}

std::string time_types(const Subject& subject) {
  return subject.certificate.validity.right_types ? "" : "a time until 2049 is no UTCTime, or one from 2050 is";
}

std::string time_order(const Subject& subject) {
  const auto& [from, until, types] = subject.certificate.validity;
  return until < from ? "it ends (" + format_rfc3339(until) + ") before it begins (" + format_rfc3339(from) + ")" : "";
}

// RFC 8813 section 3 for EC; RFC 8410 section 5 for EdDSA.
std::string usage_of_key(const Subject& subject) {
  const auto usage = subject.certificate.key_usage.value_or(0);
  if (!subject.key || subject.key->kind() == KeyKind::rsa) return {};
  if ((usage & (x509::key_encipherment | x509::data_encipherment)) != 0)
    return "its key usage has encipherment, which a key of " + subject.key->name() + " cannot do";
  if (subject.key->kind() != KeyKind::ec && (usage & x509::key_agreement) != 0)
    return "its key usage has key agreement, which a key of " + subject.key->name() + " cannot do";
  return {};
}

constexpr Rule kRules[]{
    {"version", Severity::error, "RFC 5280 4.1.2.1", true, &version},
    {"unique-ids", Severity::error, "RFC 5280 4.1.2.8", false, &unique_ids},
    {"serial.positive", Severity::error, "RFC 5280 4.1.2.2", true, &serial_positive},
    {"serial.size", Severity::error, "RFC 5280 4.1.2.2", true, &serial_size},
    {"serial.entropy", Severity::notice, "CA/Browser Forum BR 7.1: 64 bits of a CSPRNG", false, &serial_entropy},
    {"signature.same-algorithm", Severity::error, "RFC 5280 4.1.1.2", true, &same_algorithm},
    {"signature.algorithm", Severity::error, "RFC 4055, RFC 5758, RFC 8410", true, &known_algorithm},
    {"signature.hash", Severity::error, "NIST SP 800-131A rev. 2, section 9", true, &strong_hash},
    {"key.form", Severity::error, "RFC 5480, RFC 4055 1.2, RFC 8410 3", true, &key_form},
    {"key.strength", Severity::error, "NIST SP 800-57 part 1, table 2; CVE-2017-15361; CVE-2022-26320", true,
     &key_strength},
    {"key.usage", Severity::error, "RFC 8813 3, RFC 8410 5", false, &usage_of_key},
    {"issuer.present", Severity::error, "RFC 5280 4.1.2.4", true, &issuer_present},
    {"subject.ca", Severity::error, "RFC 5280 4.1.2.6", true, &ca_subject},
    {"validity.types", Severity::error, "RFC 5280 4.1.2.5", true, &time_types},
    {"validity.order", Severity::error, "RFC 5280 4.1.2.5", true, &time_order},
};

}  // namespace

std::span<const Rule> field_rules() { return kRules; }

}  // namespace hf::pki
