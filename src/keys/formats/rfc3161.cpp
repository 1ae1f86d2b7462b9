// A time stamping authority's answer (RFC 3161) to a request file. genTime is the signing time, which the signer holds
// against its own clock; the rest is in the evidence.
#include <algorithm>
#include <array>

#include "crypto/random.h"
#include "crypto/timestamp.h"
#include "keys/formats/all.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

using crypto::SignatureScheme;

// Not PSS: OpenSSL reads tokens as PKCS #7, which has none.
constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
                              SignatureScheme::rsa_pkcs1_sha256};
constexpr std::array kOptions{
    Option{"policy", "dotted number of the TSA's policy; the request may name it instead"},
    Option{"accuracy-ms", "how far genTime may be from the signer's clock, and what the token says (default 60000)"},
    Option{"serial", "of the token, hexadecimal (default: 16 random octets)"},
};
constexpr std::size_t kFileMax = 64U << 10, kSerialMax = 20;
constexpr std::int64_t kAccuracyMin = 1000, kAccuracyMax = 3'600'000;

struct Evidence {
  Bytes request;
  crypto::TimeStampRequest asked{};
  std::string policy{};
  Bytes serial{};
  std::int64_t accuracy = 0;  // milliseconds
};

Result<Evidence> parse(ByteView bytes) {
  Evidence evidence;
  HF_CHECK(read_evidence("rfc3161", bytes, [&](Fields& fields) {
    evidence.request = base64_field(fields, "request", kFileMax);
    evidence.policy = fields.text("policy", 128);
    evidence.serial = fields.hex("serial", kSerialMax);
    evidence.accuracy = fields.integer("accuracy_ms", kAccuracyMin, kAccuracyMax);
  }));
  HF_TRY(evidence.asked, crypto::timestamp_request_of(evidence.request));
  // A positive INTEGER in its shortest form, and an OID that is written back as it is.
  const auto& serial = evidence.serial;
  if (serial.empty() || serial[0] >= 0x80 || (serial[0] == 0 && (serial.size() == 1 || serial[1] < 0x80)))
    return bad_evidence("its serial number is not a positive integer in its shortest form");
  if (!crypto::is_oid(evidence.policy)) return bad_evidence("its policy is no object identifier");
  if (!evidence.asked.policy.empty() && evidence.asked.policy != evidence.policy)
    return bad_evidence("its policy is not the one that is asked for");
  return evidence;
}

View view_of(const crypto::Imprint& imprint) {
  View view{.format = "rfc3161", .kind = "timestamp", .digest_only = true};
  view.digests = {to_hex(imprint.value)};
  view.facts = {{"digest_algorithm", crypto::name_of(imprint.digest)}};
  return view;
}

crypto::TimeStamp stamp_of(const Evidence& evidence, const SigningContext& context) {
  return {.policy = evidence.policy,
          .imprint = evidence.asked.imprint,
          .serial = evidence.serial,
          .time = std::chrono::floor<std::chrono::seconds>(context.signing_time),
          .accuracy = std::chrono::milliseconds(evidence.accuracy),
          .nonce = evidence.asked.nonce};
}
crypto::CmsSigner signer_of(const SigningContext& context) {
  return {context.key, context.scheme, context.certificate, context.intermediates};
}

class Rfc3161 final : public Format {
 public:
  std::string_view name() const override { return "rfc3161"; }
  std::string_view summary() const override { return "a time stamp for a request of one (RFC 3161)"; }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  bool needs_certificate() const override { return true; }
  std::span<const Option> options() const override { return kOptions; }
  std::string_view detached_suffix() const override { return ".tsr"; }
  bool recognizes(ByteView head) const override { return crypto::timestamp_request_of(head).has_value(); }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    constexpr std::int64_t kAccuracy = 60'000;
    constexpr std::size_t kSerial = 16;
    HF_TRY(const auto given, Options::read(options, *this));
    HF_TRY(const auto accuracy, given.number("accuracy-ms", kAccuracyMax));
    HF_TRY(const auto source, SourceFile::open(artifact));
    HF_TRY(const auto request, source.read_all(kFileMax));
    HF_TRY(const auto asked, crypto::timestamp_request_of(request));
    auto serial = crypto::random_bytes(kSerial);
    serial[0] = std::uint8_t((serial[0] & 0x3f) | 0x40);
    if (const auto text = given.text("serial")) {
      auto bytes = from_hex(*text);
      if (!bytes) return bad_option("serial", "octets in hexadecimal are expected");
      serial = *std::move(bytes);
    }
    const auto policy = given.text("policy").value_or(asked.policy);
    if (policy.empty()) return bad_option("policy", "name it: the request does not");
    HF_TRY(auto evidence, write_evidence(name(), {{"request", to_base64(request)},
                                                  {"policy", policy},
                                                  {"serial", to_hex(serial)},
                                                  {"accuracy_ms", std::int64_t(accuracy.value_or(kAccuracy))}}));
    HF_CHECK(parse(evidence));
    return evidence;
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto parsed, parse(evidence));
    auto view = view_of(parsed.asked.imprint);
    view.facts["policy"] = parsed.policy;
    view.facts["serial"] = to_hex(parsed.serial);
    view.facts["accuracy_ms"] = parsed.accuracy;
    return view;
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    return ToSign{crypto::timestamp_signed_attributes(stamp_of(parsed, context), signer_of(context)), false};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto parsed, parse(evidence));
    HF_TRY(const auto token, crypto::timestamp_token(stamp_of(parsed, context), signer_of(context),
                                                     parsed.asked.certificates, signature));
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(crypto::timestamp_response(token)));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto source, SourceFile::open(file.file));
    HF_TRY(const auto request, source.read_all(kFileMax));
    HF_TRY(const auto asked, crypto::timestamp_request_of(request));
    HF_TRY(const auto answer_file, SourceFile::open(file.signature));
    HF_TRY(const auto answer, answer_file.read_all(kFileMax));
    HF_TRY(const auto token, crypto::token_of_response(answer));
    const auto verified = crypto::timestamp_verify(token, trust.certificates, [&](crypto::Digest digest) {
      return digest == asked.imprint.digest ? asked.imprint.value : Bytes();
    });
    if (!verified) {
      if (verified.error().code == "HF-TSP-0003") return not_verified(verified.error().message);
      return fail(verified.error());
    }
    const auto& stamp = verified->stamp;
    if (stamp.nonce != asked.nonce || (!asked.policy.empty() && stamp.policy != asked.policy))
      return not_verified("the time stamp answers another request: its nonce or policy differs");
    auto view = view_of(asked.imprint);
    view.facts["time"] = format_rfc3339(stamp.time);
    view.facts["policy"] = stamp.policy;
    view.facts["serial"] = to_hex(stamp.serial);
    if (stamp.accuracy) view.facts["accuracy_ms"] = std::int64_t(stamp.accuracy->count());
    if (const auto signer = crypto::facts_of_certificate(verified->signer)) view.facts["signer"] = signer->subject;
    return view;
  }
};

}  // namespace

const Format& rfc3161_format() {
  static const Rfc3161 format;
  return format;
}

}  // namespace hf::keys
