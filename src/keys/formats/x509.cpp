// Certificates and CRLs (RFC 5280): what a CA's key signs is the TBSCertificate or TBSCertList, and that is what policy
// and approver see. A key of another purpose so never signs one unseen, and a CA's key nothing else.
#include <array>

#include "crypto/verification.h"
#include "crypto/x509.h"
#include "keys/formats/all.h"
#include "keys/formats/support.h"
#include "keys/formats/x509.h"

namespace hf::keys {
namespace {

namespace x509 = crypto::x509;
using crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
                              SignatureScheme::ed25519, SignatureScheme::rsa_pkcs1_sha256,
                              SignatureScheme::rsa_pss_sha256};
constexpr std::array kOptions{Option{"encoding", "of the certificate or CRL: pem (default) or der"}};
constexpr std::size_t kFileMax = 512U << 10;

struct Evidence {
  Bytes tbs;
  std::string encoding;
};

Result<Evidence> parse(ByteView bytes) {
  Evidence evidence;
  HF_CHECK(read_evidence("x509", bytes, [&](Fields& fields) {
    evidence.tbs = base64_field(fields, "tbs");
    evidence.encoding = fields.text("encoding");
    if (evidence.encoding != "der" && evidence.encoding != "pem") fields.fault("encoding", "pem or der");
  }));
  return evidence;
}

std::string purposes_of(const x509::Certificate& certificate) {
  std::string text;
  for (const auto& oid : certificate.extended_key_usage.value_or(std::vector<std::string>()))
    text += (text.empty() ? "" : ", ") + x509::oid_name(oid);
  return text;
}

View view_of(const x509::Certificate& certificate) {
  View view{.format = "x509", .kind = certificate.is_ca() ? "ca_certificate" : "certificate"};
  JsonArray names, extensions;
  if (certificate.subject_alternative_names)
    for (const auto& name : *certificate.subject_alternative_names) names.emplace_back(name.text());
  for (const auto& one : certificate.extensions)
    extensions.emplace_back(x509::oid_name(one.oid) + (one.critical ? " (critical)" : ""));
  view.facts = {{"subject", certificate.subject.text()},
                {"issuer", certificate.issuer.text()},
                {"serial_number", certificate.serial_text()},
                {"not_before", format_rfc3339(certificate.validity.not_before)},
                {"not_after", format_rfc3339(certificate.validity.not_after)},
                {"subject_alternative_names", names},
                {"extended_key_usage", purposes_of(certificate)},
                {"extensions", extensions}};
  if (certificate.is_ca() && certificate.basic_constraints->path_length)
    view.facts["path_length"] = std::int64_t(*certificate.basic_constraints->path_length);
  if (const auto key = crypto::VerificationKey::of_spki(certificate.spki)) view.facts["key"] = key->name();
  view.facts["key_sha256"] = to_hex(crypto::sha256({certificate.spki}));
  return view;
}

View view_of(const x509::Crl& crl) {
  View view{.format = "x509", .kind = "crl"};
  view.facts = {{"issuer", crl.issuer.text()},
                {"number", crl.number ? to_hex(*crl.number) : std::string()},
                {"this_update", format_rfc3339(crl.validity.not_before)},
                {"next_update", crl.has_next_update ? format_rfc3339(crl.validity.not_after) : std::string()},
                {"revoked", std::int64_t(crl.revoked.size())}};
  return view;
}

// Nothing of what is shown may read other than it is.
Result<View> plain(View view) {
  for (const auto& [name, value] : view.facts) {
    const auto* const list = value.if_array();
    if (const auto* const text = value.if_string(); text && !is_plain(*text))
      return bad_evidence(std::string(name) + " has control characters, or characters that turn text around");
    for (std::size_t i = 0; list && i < list->size(); ++i)
      if (!is_plain((*list)[i].as_string())) return bad_evidence(std::string(name) + " has control characters");
  }
  return view;
}

Result<View> view_of_signed(ByteView der) {
  if (const auto certificate = x509::certificate_of(der)) return plain(view_of(*certificate));
  HF_TRY(const auto crl, x509::crl_of(der));
  return plain(view_of(crl));
}

// Of what is not signed yet: with a signature of nothing in its place.
Result<View> view_of_tbs(ByteView tbs) {
  const auto algorithm = x509::algorithm_of_tbs(tbs);
  if (algorithm.empty()) return malformed("it is neither a TBSCertificate nor a TBSCertList");
  return view_of_signed(x509::signed_of(tbs, algorithm, {}));
}

// As X.509 has it: ECDSA in DER.
Bytes signature_value(const SigningContext& context, ByteView signature) {
  return is_ecdsa(context.scheme) ? crypto::ecdsa_to_der(signature) : Bytes(signature.begin(), signature.end());
}

Result<Bytes> signed_file(const std::filesystem::path& file) {
  HF_TRY(const auto source, SourceFile::open(file));
  HF_TRY(auto bytes, source.read_all(kFileMax));
  for (const auto label : {"CERTIFICATE", "X509 CRL"}) {
    HF_TRY(auto blocks, crypto::pem_blocks(text_of(bytes), label));
    if (!blocks.empty()) return std::move(blocks[0]);
  }
  return bytes;
}

class X509 final : public Format {
 public:
  std::string_view name() const override { return "x509"; }
  std::string_view summary() const override { return "a certificate or CRL from its to-be-signed part (RFC 5280)"; }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  std::span<const Option> options() const override { return kOptions; }
  bool recognizes(ByteView head) const override {
    // SEQUENCE { [0] { INTEGER 2 }: a TBSCertificate of version 3.
    static constexpr std::uint8_t kVersion[]{0xa0, 0x03, 0x02, 0x01, 0x02};
    const std::size_t at = head.size() > 1 && head[1] >= 0x80 ? 2 + (head[1] & 0x7fU) : 2;
    return head.size() > at + sizeof(kVersion) && head[0] == 0x30 &&
           std::equal(std::begin(kVersion), std::end(kVersion), head.begin() + std::ptrdiff_t(at));
  }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_TRY(const auto given, Options::read(options, *this));
    const auto encoding = given.text("encoding").value_or("pem");
    if (encoding != "pem" && encoding != "der") return bad_option("encoding", "pem or der is expected");
    HF_TRY(const auto source, SourceFile::open(artifact));
    HF_TRY(const auto tbs, source.read_all(kEvidenceBytesMax));
    return x509_evidence(tbs, encoding);
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    return view_of_tbs(parsed.tbs);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(auto parsed, parse(evidence));
    HF_CHECK(view_of_tbs(parsed.tbs));
    if (!std::ranges::equal(x509::algorithm_of_tbs(parsed.tbs), crypto::algorithm_identifier_of(context.scheme)))
      return bad_evidence("its signature field is not of " + std::string(crypto::name_of(context.scheme)));
    return ToSign{std::move(parsed.tbs), false};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    const auto der = x509::signed_of(parsed.tbs, crypto::algorithm_identifier_of(context.scheme),
                                     signature_value(context, signature));
    HF_TRY(const auto view, view_of_tbs(parsed.tbs));
    HF_TRY(auto target, TargetFile::create(out));
    if (parsed.encoding == "der") HF_CHECK(target.write(der));
    else HF_CHECK(target.write(bytes_of(crypto::pem_of(view.kind == "crl" ? "X509 CRL" : "CERTIFICATE", der))));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto der, signed_file(file.file));
    HF_TRY(auto view, view_of_signed(der));
    const auto certificate = x509::certificate_of(der);
    const auto crl = x509::crl_of(der);
    const auto algorithm = certificate ? certificate->signature_algorithm : crl->signature_algorithm;
    const auto tbs = certificate ? certificate->tbs : crl->tbs;
    const auto known = crypto::verification_algorithm_of_der(algorithm);
    if (!known || !std::ranges::equal(algorithm, x509::algorithm_of_tbs(tbs)))
      return not_verified("its signature algorithm is not taken, or not that of its signed part");
    for (const auto& trusted : trust.keys) {
      const auto key = crypto::VerificationKey::of_spki(crypto::to_spki(trusted));
      if (key && key->verify(*known, tbs, certificate ? certificate->signature : crl->signature)) return view;
    }
    return not_verified("its signature is not by a key that is trusted");
  }
};

}  // namespace

Result<Bytes> x509_evidence(ByteView tbs, std::string_view encoding) {
  if (tbs.size() > kEvidenceBytesMax) return over_limit("a to-be-signed part has at most 160 KiB");
  HF_CHECK(view_of_tbs(tbs));
  return write_evidence("x509", {{"tbs", to_base64(tbs)}, {"encoding", encoding}});
}

Result<Bytes> x509_signed(ByteView evidence, const SigningContext& context, ByteView signature) {
  HF_TRY(const auto parsed, parse(evidence));
  const auto identifier = crypto::algorithm_identifier_of(context.scheme);
  const auto algorithm = crypto::verification_algorithm_of_der(identifier);
  const auto key = crypto::VerificationKey::of_spki(crypto::to_spki(context.key));
  const auto value = signature_value(context, signature);
  if (!key || !algorithm || !key->verify(*algorithm, parsed.tbs, value))
    return not_verified("the signature is not by the key");
  return x509::signed_of(parsed.tbs, identifier, value);
}

const Format& x509_format() {
  static const X509 format;
  return format;
}

}  // namespace hf::keys
