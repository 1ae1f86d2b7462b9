// X.509 certificates and CRLs (RFC 5280) as they stand in their bytes: read strictly as DER, nothing judged. Whether
// one is as its profile says is pki/lint.h, whether a path holds is pki/path.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

namespace hf::crypto::x509 {

inline constexpr std::size_t kCertificateMax = 256U << 10, kCrlMax = 64U << 20, kExtensionsMax = 64;

struct Attribute {
  std::string type{};  // dotted
  std::uint8_t tag = 0;
  ByteView value{};
};

// A distinguished name. The views point into the bytes it was read from.
struct Name {
  ByteView der{};
  std::vector<std::vector<Attribute>> rdns{};

  [[nodiscard]] bool empty() const { return rdns.empty(); }
  [[nodiscard]] std::string text() const;  // RFC 4514, most specific first; bytes that are no text as #hex
};
// As RFC 5280 section 7.1 compares: by attribute, texts without regard to ASCII case and to the amount of white space.
[[nodiscard]] bool same_name(const Name& a, const Name& b);
// Whether `base`'s RDNs are the first of `name` (the subtree of a directoryName constraint, 4.2.1.10).
[[nodiscard]] bool is_within(const Name& name, const Name& base);

struct GeneralName {
  enum Kind {
    other_name,
    rfc822_name,
    dns_name,
    x400_address,
    directory_name,
    edi_party_name,
    uri,
    ip_address,
    registered_id
  };
  Kind kind{};
  ByteView value{};          // content; of a directoryName its Name in DER
  std::optional<Name> name;  // of a directoryName

  [[nodiscard]] std::string text() const;  // "DNS:example.com"
};

struct BasicConstraints {
  bool ca = false;
  std::optional<std::uint64_t> path_length{};
};

// Bits of KeyUsage in the order of 4.2.1.3.
enum KeyUsageBit : unsigned {
  digital_signature = 1U << 0,
  content_commitment = 1U << 1,
  key_encipherment = 1U << 2,
  data_encipherment = 1U << 3,
  key_agreement = 1U << 4,
  key_cert_sign = 1U << 5,
  crl_sign = 1U << 6,
  encipher_only = 1U << 7,
  decipher_only = 1U << 8,
};

struct AuthorityKeyId {
  std::optional<ByteView> key_id{};
  bool issuer = false, serial = false;  // present
};

struct Subtree {
  GeneralName base;
  bool plain = true;  // minimum 0 and no maximum, the only form of RFC 5280
};
struct NameConstraints {
  std::vector<Subtree> permitted{}, excluded{};
};

struct PolicyMapping {
  std::string issuer, subject;
};
struct PolicyConstraints {
  std::optional<std::uint64_t> require_explicit{}, inhibit_mapping{};
};

struct Extension {
  std::string oid{};
  bool critical = false;
  ByteView value{};
};

struct Validity {
  Time not_before{}, not_after{};
  bool right_types = true;  // UTCTime until 2049, GeneralizedTime from 2050 (4.1.2.5)
};

// Views point into `der`. Moves, does not copy.
struct Certificate {
  Bytes der;
  ByteView tbs{}, signature_algorithm{}, tbs_signature_algorithm{}, signature{};
  int version = 1;
  ByteView serial{};  // content of the INTEGER
  Name issuer{}, subject{};
  Validity validity{};
  ByteView spki{};
  bool unique_ids = false;
  std::vector<Extension> extensions{};

  std::optional<BasicConstraints> basic_constraints{};
  std::optional<unsigned> key_usage{};
  std::optional<std::vector<std::string>> extended_key_usage{};
  std::optional<ByteView> subject_key_id{};
  std::optional<AuthorityKeyId> authority_key_id{};
  std::optional<std::vector<GeneralName>> subject_alternative_names{};
  std::optional<NameConstraints> name_constraints{};
  std::optional<std::vector<std::string>> policies{};
  std::optional<std::vector<PolicyMapping>> policy_mappings{};
  std::optional<PolicyConstraints> policy_constraints{};
  std::optional<std::uint64_t> inhibit_any_policy{};

  Certificate() = default;
  Certificate(Certificate&&) noexcept = default;
  Certificate& operator=(Certificate&&) noexcept = default;

  [[nodiscard]] const Extension* extension(std::string_view oid) const;
  [[nodiscard]] bool is_ca() const { return basic_constraints && basic_constraints->ca; }
  [[nodiscard]] bool is_self_issued() const { return same_name(issuer, subject); }
  [[nodiscard]] std::string serial_text() const { return to_hex(serial); }
};
// HF-X509-0001 with the field that is not as RFC 5280 appendix A writes it: not DER, of another structure, or with
// bytes after its end.
[[nodiscard]] Result<Certificate> certificate_of(ByteView der);

struct Revoked {
  ByteView serial{};
  Time at{};
  std::optional<unsigned> reason{};  // CRLReason
  bool unknown_critical = false;
};
struct Crl {
  Bytes der;
  ByteView tbs{}, signature_algorithm{}, tbs_signature_algorithm{}, signature{};
  int version = 1;
  Name issuer{};
  Validity validity{};  // thisUpdate, nextUpdate; the types also of the entries' times
  bool has_next_update = false;
  std::vector<Revoked> revoked{};
  std::vector<Extension> extensions{};
  std::optional<ByteView> number{};  // content of the INTEGER
  std::optional<AuthorityKeyId> authority_key_id{};

  Crl() = default;
  Crl(Crl&&) noexcept = default;
  Crl& operator=(Crl&&) noexcept = default;
  [[nodiscard]] const Extension* extension(std::string_view oid) const;
};
[[nodiscard]] Result<Crl> crl_of(ByteView der);  // HF-X509-0002

// PKCS #10 (RFC 2986). Views point into `der`.
struct Request {
  Bytes der;
  ByteView info{}, signature_algorithm{}, signature{};
  Name subject{};
  ByteView spki{};
  std::vector<Extension> extensions{};  // that it asks for (RFC 2985 5.4.2)

  Request() = default;
  Request(Request&&) noexcept = default;
  Request& operator=(Request&&) noexcept = default;
  [[nodiscard]] const Extension* extension(std::string_view oid) const;
};
inline constexpr std::size_t kRequestMax = 64U << 10;
[[nodiscard]] Result<Request> request_of(ByteView der);  // HF-X509-0003

// SEQUENCE { signed part, AlgorithmIdentifier, BIT STRING }, of a signature as X.509 has it: ECDSA in DER.
[[nodiscard]] Bytes signed_of(ByteView signed_part, ByteView algorithm_identifier, ByteView signature);
// The signature field of a TBSCertificate or TBSCertList. Empty: it is neither.
[[nodiscard]] ByteView algorithm_of_tbs(ByteView tbs);

// "2.5.29.17" of an OBJECT IDENTIFIER's content. None if it is none, or an arc is above 2^63.
[[nodiscard]] std::optional<std::string> oid_text(ByteView content);
// Of a UTCTime or GeneralizedTime in the one form of 4.1.2.5: in seconds, "Z", no fraction.
[[nodiscard]] std::optional<Time> time_of_der(std::uint8_t tag, ByteView content);
// A Name (RDNSequence); views into `der`.
[[nodiscard]] std::optional<Name> name_of_der(ByteView der);
// GeneralNames: the content of the SEQUENCE.
[[nodiscard]] std::optional<std::vector<GeneralName>> general_names_of(ByteView content);

namespace oid {
inline constexpr std::string_view kSubjectKeyId = "2.5.29.14", kKeyUsage = "2.5.29.15", kSubjectAltName = "2.5.29.17",
                                  kIssuerAltName = "2.5.29.18", kBasicConstraints = "2.5.29.19",
                                  kCrlNumber = "2.5.29.20", kReasonCode = "2.5.29.21", kDeltaCrl = "2.5.29.27",
                                  kIssuingPoint = "2.5.29.28", kNameConstraints = "2.5.29.30", kCrlPoints = "2.5.29.31",
                                  kPolicies = "2.5.29.32", kAnyPolicy = "2.5.29.32.0", kPolicyMappings = "2.5.29.33",
                                  kAuthorityKeyId = "2.5.29.35", kPolicyConstraints = "2.5.29.36",
                                  kExtendedKeyUsage = "2.5.29.37", kAnyExtendedKeyUsage = "2.5.29.37.0",
                                  kFreshestCrl = "2.5.29.46", kInhibitAnyPolicy = "2.5.29.54",
                                  kSubjectDirectory = "2.5.29.9", kAuthorityInfo = "1.3.6.1.5.5.7.1.1",
                                  kSubjectInfo = "1.3.6.1.5.5.7.1.11", kServerAuth = "1.3.6.1.5.5.7.3.1",
                                  kClientAuth = "1.3.6.1.5.5.7.3.2", kCodeSigning = "1.3.6.1.5.5.7.3.3",
                                  kTimeStamping = "1.3.6.1.5.5.7.3.8", kOcspSigning = "1.3.6.1.5.5.7.3.9",
                                  kOcspNoCheck = "1.3.6.1.5.5.7.48.1.5", kCommonName = "2.5.4.3",
                                  kSerialNumber = "2.5.4.5", kCountry = "2.5.4.6", kOrganization = "2.5.4.10",
                                  kOrganizationalUnit = "2.5.4.11", kEmailAddress = "1.2.840.113549.1.9.1";
}  // namespace oid
// "commonName" of "2.5.4.3"; the dotted text itself for one that has no name here. And back.
[[nodiscard]] std::string oid_name(std::string_view dotted);
[[nodiscard]] std::optional<std::string> oid_of_name(std::string_view name_or_dotted);

}  // namespace hf::crypto::x509
