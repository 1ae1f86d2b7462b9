// OCSP answers: what a delegated responder's key signs is ResponseData, of the kind "ocsp_response", which a CA's
// charter does not allow; and of no other bytes, so that this key signs nothing else.
#include "keys/formats/ocsp.h"

#include <algorithm>
#include <array>

#include "crypto/der.h"
#include "crypto/verification.h"
#include "keys/formats/all.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

namespace x509 = crypto::x509;
namespace der = crypto::der;
using crypto::DerReader, crypto::DerValue, crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
                              SignatureScheme::ed25519, SignatureScheme::rsa_pkcs1_sha256,
                              SignatureScheme::rsa_pss_sha256};
constexpr std::size_t kFileMax = 512U << 10;
constexpr std::uint8_t kEnumerated = 0x0a;

auto no_data(std::string_view what) {
  return malformed("it is no OCSP ResponseData (RFC 6960 4.2.1): " + std::string(what));
}

Result<Bytes> parse(ByteView bytes) {
  Bytes data;
  HF_CHECK(read_evidence("ocsp", bytes, [&](Fields& fields) { data = base64_field(fields, "response_data"); }));
  return data;
}

std::optional<Time> generalized_time(DerReader& reader) {
  const auto value = reader.next(der::kGeneralizedTime);
  return value ? x509::time_of_der(value->tag, value->content) : std::nullopt;
}
std::optional<DerValue> explicit_of(DerReader& reader, int number, std::uint8_t tag) {
  const auto outer = reader.next(der::context(number));
  if (!outer) return std::nullopt;
  DerReader inner(outer->content);
  const auto value = inner.next(tag);
  return inner.at_end() ? value : std::nullopt;
}

// CertStatus (4.2.1).
bool read_status(DerReader& reader, OcspAnswer& answer) {
  const auto status = reader.next();
  if (!status) return false;
  if (status->tag == der::context_primitive(0) || status->tag == der::context_primitive(2)) {
    answer.status = status->tag == der::context_primitive(0) ? "good" : "unknown";
    return status->content.empty();
  }
  if (status->tag != der::context(1)) return false;
  answer.status = "revoked";
  DerReader parts(status->content);
  answer.revoked_at = generalized_time(parts);
  if (parts.peek() == der::context(0)) {
    const auto reason = explicit_of(parts, 0, kEnumerated);
    if (!reason || reason->content.size() != 1) return false;
    answer.reason = reason->content[0];
  }
  return answer.revoked_at && parts.at_end();
}

std::optional<OcspAnswer> answer_of(const crypto::DerValue& single) {
  DerReader parts(single.content);
  OcspAnswer answer;
  const auto id = parts.next(der::kSequence);
  const auto cert = id ? ocsp_cert_id_of(id->whole) : std::nullopt;
  if (!cert || !read_status(parts, answer)) return std::nullopt;
  answer.id = *cert;
  const auto since = generalized_time(parts);
  if (!since) return std::nullopt;
  answer.this_update = *since;
  if (parts.peek() == der::context(0)) {
    const auto next = explicit_of(parts, 0, der::kGeneralizedTime);
    answer.next_update = next ? x509::time_of_der(next->tag, next->content) : std::nullopt;
    if (!answer.next_update) return std::nullopt;
  }
  return parts.at_end() ? std::optional(std::move(answer)) : std::nullopt;  // no singleExtensions: none is made here
}

// The one extension that answers have: the nonce (RFC 9654).
bool read_extensions(DerReader& reader, OcspData& data) {
  const auto list = explicit_of(reader, 1, der::kSequence);
  if (!list) return false;
  DerReader extensions(list->content);
  const auto one = extensions.next(der::kSequence);
  if (!one || !extensions.at_end()) return false;
  DerReader parts(one->content);
  const auto id = parts.next(der::kOid);
  const auto value = parts.next(der::kOctetString);
  if (!id || !value || !parts.at_end() || x509::oid_text(id->content) != kOcspNonce) return false;
  DerReader inner(value->content);
  const auto nonce = inner.next(der::kOctetString);
  if (!nonce || !inner.at_end()) return false;
  data.nonce = nonce->content;
  return true;
}

Result<View> view_of(ByteView bytes) {
  HF_TRY(const auto data, ocsp_data_of(bytes));
  View view{.format = "ocsp", .kind = "ocsp_response"};
  JsonArray answers;
  for (const auto& one : data.answers) {
    auto text = to_hex(one.id.serial) + " " + one.status;
    if (one.revoked_at) text += " since " + format_rfc3339(*one.revoked_at);
    if (one.next_update) text += ", until " + format_rfc3339(*one.next_update);
    answers.emplace_back(std::move(text));
  }
  view.facts = {{"responder", data.responder},
                {"produced_at", format_rfc3339(data.produced_at)},
                {"answers", std::move(answers)},
                {"nonce", data.nonce ? to_hex(*data.nonce) : std::string()}};
  if (!is_plain(data.responder)) return bad_evidence("responder has control characters");
  return view;
}

// A responder's certificate names id-kp-OCSPSigning (4.2.2.2); the CA's own key answers under no charter here.
Result<void> check_responder(const SigningContext& context) {
  HF_TRY(const auto certificate, x509::certificate_of(context.certificate));
  const auto& purposes = certificate.extended_key_usage;
  if (!purposes || std::ranges::find(*purposes, x509::oid::kOcspSigning) == purposes->end())
    return fail(ErrorKind::invalid, "HF-FORMAT-0008",
                "the certificate of " + certificate.subject.text() + " is of no OCSP responder: no OCSPSigning");
  if (!std::ranges::equal(certificate.spki, crypto::to_spki(context.key)))
    return fail(ErrorKind::invalid, "HF-FORMAT-0008", "the responder's certificate is of another key");
  return {};
}

struct Basic {
  Bytes data, algorithm, signature;
};
std::optional<Basic> basic_of(ByteView response) {
  DerReader outer(response);
  const auto whole = outer.next(der::kSequence);
  DerReader parts(whole && outer.at_end() ? whole->content : ByteView());
  const auto status = parts.next(kEnumerated);
  const auto bytes = explicit_of(parts, 0, der::kSequence);
  if (!status || status->content.size() != 1 || status->content[0] != 0 || !bytes) return std::nullopt;
  DerReader typed(bytes->content);
  const auto type = typed.next(der::kOid);
  const auto octets = typed.next(der::kOctetString);
  if (!type || !octets || x509::oid_text(type->content) != kOcspBasic) return std::nullopt;
  DerReader basic_outer(octets->content);
  const auto basic = basic_outer.next(der::kSequence);
  DerReader fields(basic && basic_outer.at_end() ? basic->content : ByteView());
  const auto data = fields.next(der::kSequence), algorithm = fields.next(der::kSequence);
  const auto signature = fields.next(der::kBitString);
  if (!data || !algorithm || !signature || signature->content.empty() || signature->content[0] != 0)
    return std::nullopt;
  const auto bytes_in = [](ByteView view) { return Bytes(view.begin(), view.end()); };
  return Basic{bytes_in(data->whole), bytes_in(algorithm->whole), bytes_in(signature->content.subspan(1))};
}

class Ocsp final : public Format {
 public:
  std::string_view name() const override { return "ocsp"; }
  std::string_view summary() const override { return "an OCSP answer from its ResponseData (RFC 6960)"; }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  bool needs_certificate() const override { return true; }
  bool recognizes(ByteView) const override { return false; }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_TRY(const auto given, Options::read(options, *this));
    HF_TRY(const auto source, SourceFile::open(artifact));
    HF_TRY(const auto data, source.read_all(kEvidenceBytesMax));
    return ocsp_evidence(data);
  }
  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto data, parse(evidence));
    return view_of(data);
  }
  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_CHECK(check_responder(context));
    HF_TRY(auto data, parse(evidence));
    HF_CHECK(ocsp_data_of(data));
    return ToSign{std::move(data), false};
  }
  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto response, ocsp_signed(evidence, context, signature));
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(response));
    return finish(target, *this, artifact, evidence, context);
  }
  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto source, SourceFile::open(file.file));
    HF_TRY(const auto bytes, source.read_all(kFileMax));
    const auto basic = basic_of(bytes);
    if (!basic) return malformed("it is no successful OCSPResponse");
    HF_TRY(auto view, view_of(basic->data));
    const auto known = crypto::verification_algorithm_of_der(basic->algorithm);
    if (!known) return not_verified("its signature algorithm is not taken");
    auto spkis = std::vector<Bytes>();
    for (const auto& key : trust.keys) spkis.push_back(crypto::to_spki(key));
    for (const auto& one : trust.certificates)
      if (const auto certificate = x509::certificate_of(one))
        spkis.emplace_back(certificate->spki.begin(), certificate->spki.end());
    for (const auto& spki : spkis) {
      const auto key = crypto::VerificationKey::of_spki(spki);
      if (key && key->verify(*known, basic->data, basic->signature)) return view;
    }
    return not_verified("its signature is not by a key that is trusted");
  }
};

}  // namespace

std::optional<OcspCertId> ocsp_cert_id_of(ByteView bytes) {
  constexpr std::size_t kSerialMax = 32, kHashMax = 64;
  DerReader outer(bytes);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return std::nullopt;
  DerReader parts(sequence->content);
  const auto algorithm = parts.next(der::kSequence);
  const auto name = parts.next(der::kOctetString), key = parts.next(der::kOctetString);
  const auto serial = parts.next(der::kInteger);
  if (!algorithm || !name || !key || !serial || !parts.at_end() || serial->content.empty() ||
      serial->content.size() > kSerialMax || name->content.size() > kHashMax || key->content.size() > kHashMax)
    return std::nullopt;
  DerReader identifier(algorithm->content);
  const auto id = identifier.next(der::kOid);
  if (!id) return std::nullopt;
  if (!identifier.at_end() && (!identifier.next(der::kNull) || !identifier.at_end())) return std::nullopt;
  const auto hash = x509::oid_text(id->content);
  if (!hash) return std::nullopt;
  return OcspCertId{sequence->whole, *hash, name->content, key->content, serial->content};
}

Result<OcspData> ocsp_data_of(ByteView bytes) {
  DerReader outer(bytes);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return no_data("no SEQUENCE");
  DerReader parts(sequence->content);
  OcspData data;
  if (const auto key = explicit_of(parts, 2, der::kOctetString)) {
    data.responder = to_hex(key->content);
  } else {
    const auto name = explicit_of(parts, 1, der::kSequence);
    const auto read = name ? x509::name_of_der(name->whole) : std::nullopt;
    if (!read) return no_data("no responderID");
    data.responder = read->text();
  }
  const auto produced = generalized_time(parts);
  const auto list = parts.next(der::kSequence);
  if (!produced || !list) return no_data("no producedAt, or no answers");
  data.produced_at = *produced;
  for (DerReader answers(list->content); !answers.at_end();) {
    const auto single = answers.next(der::kSequence);
    auto answer = single ? answer_of(*single) : std::nullopt;
    if (!answer || data.answers.size() == kOcspAnswersMax) return no_data("an answer is none, or there are over 64");
    data.answers.push_back(*std::move(answer));
  }
  if (data.answers.empty()) return no_data("no answer");
  if (!parts.at_end() && !read_extensions(parts, data)) return no_data("extensions other than a nonce");
  if (!parts.at_end()) return no_data("bytes after its end");
  return data;
}

Result<Bytes> ocsp_evidence(ByteView response_data) {
  if (response_data.size() > kEvidenceBytesMax) return over_limit("ResponseData has at most 160 KiB");
  HF_CHECK(view_of(response_data));
  return write_evidence("ocsp", {{"response_data", to_base64(response_data)}});
}

Result<Bytes> ocsp_signed(ByteView evidence, const SigningContext& context, ByteView signature) {
  HF_TRY(const auto data, parse(evidence));
  HF_CHECK(check_responder(context));
  const auto identifier = crypto::algorithm_identifier_of(context.scheme);
  const auto algorithm = crypto::verification_algorithm_of_der(identifier);
  const auto key = crypto::VerificationKey::of_spki(crypto::to_spki(context.key));
  const auto value =
      is_ecdsa(context.scheme) ? crypto::ecdsa_to_der(signature) : Bytes(signature.begin(), signature.end());
  if (!key || !algorithm || !key->verify(*algorithm, data, value))
    return not_verified("the signature is not by the key");
  static constexpr std::uint8_t kNoUnusedBits[]{0}, kSuccessful[]{0};
  const auto certificates = der::value(der::context(0), {der::value(der::kSequence, {context.certificate})});
  const auto basic = der::value(
      der::kSequence, std::initializer_list<ByteView>{
                          data, identifier, der::value(der::kBitString, {kNoUnusedBits, value}), certificates});
  const auto bytes = der::value(
      der::kSequence, std::initializer_list<ByteView>{der::oid(kOcspBasic), der::value(der::kOctetString, {basic})});
  return der::value(der::kSequence, std::initializer_list<ByteView>{der::value(kEnumerated, {kSuccessful}),
                                                                    der::value(der::context(0), {bytes})});
}

const Format& ocsp_format() {
  static const Ocsp format;
  return format;
}

}  // namespace hf::keys
