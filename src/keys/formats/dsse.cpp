// Dead Simple Signing Envelope (secure-systems-lab/dsse, protocol.md and envelope.md) of an in-toto Statement v1
// (in-toto/attestation, spec/v1/statement.md), with SLSA provenance v1 or any other predicate. The statement is the
// evidence, whole.
#include <algorithm>
#include <array>
#include <set>

#include "keys/formats/all.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

using crypto::SignatureScheme;

constexpr std::array kSchemes{SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
                              SignatureScheme::ed25519, SignatureScheme::rsa_pss_sha256};
constexpr std::string_view kPayloadType = "application/vnd.in-toto+json",
                           kStatement = "https://in-toto.io/Statement/v1",
                           kProvenance = "https://slsa.dev/provenance/v1";
constexpr std::size_t kEnvelopeMax = 1U << 20;

// protocol.md, "Signature definition": PAE(type, body).
Bytes pre_authentication(ByteView payload) {
  const auto head = "DSSEv1 " + std::to_string(kPayloadType.size()) + " " + std::string(kPayloadType) + " " +
                    std::to_string(payload.size()) + " ";
  Bytes out(head.begin(), head.end());
  put(out, payload);
  return out;
}

const Json* at_path(const Json& json, std::initializer_list<std::string_view> path) {
  const Json* found = &json;
  for (const auto name : path) {
    found = found->is_object() ? found->get_object().if_contains(name) : nullptr;
    if (!found) return nullptr;
  }
  return found;
}
std::optional<std::string> text_at(const Json& json, std::initializer_list<std::string_view> path) {
  const auto* found = at_path(json, path);
  if (!found || !found->is_string() || !is_plain(found->get_string())) return std::nullopt;
  return std::string(found->get_string());
}

Result<View> view_of(ByteView payload) {
  constexpr std::size_t kDepth = 32, kSubjectsMax = 1024;
  HF_TRY(const auto json, parse_json(text_of(payload), {.bytes_max = kEvidenceBytesMax, .depth_max = kDepth}));
  if (text_at(json, {"_type"}) != kStatement) return malformed("it is not an in-toto Statement v1");
  const auto predicate = text_at(json, {"predicateType"});
  const auto* subjects = at_path(json, {"subject"});
  if (!predicate || !subjects || !subjects->is_array() || subjects->get_array().empty())
    return malformed("a Statement has a predicateType and at least one subject");
  if (subjects->get_array().size() > kSubjectsMax) return over_limit("the Statement's subjects");
  View view{.format = "dsse", .kind = "document"};
  std::set<std::string> digests;
  JsonArray shown;
  for (const auto& subject : subjects->get_array()) {
    const auto name = text_at(subject, {"name"});
    const auto digest = text_at(subject, {"digest", "sha256"});
    const auto bytes = digest ? from_hex(*digest) : std::nullopt;
    if (!name || !bytes || bytes->size() != 32) return malformed("a subject without name or SHA-256");
    digests.insert(to_hex(*bytes));
    shown.emplace_back(*name + " sha256:" + to_hex(*bytes));
  }
  view.digests.assign(digests.begin(), digests.end());
  view.facts = {{"predicate_type", *predicate}, {"subjects", shown}};
  if (*predicate == kProvenance) {
    const auto build = text_at(json, {"predicate", "buildDefinition", "buildType"});
    const auto builder = text_at(json, {"predicate", "runDetails", "builder", "id"});
    if (!build || !builder) return malformed("SLSA provenance has a buildType and a builder id");
    view.facts["build_type"] = *build;
    view.facts["builder"] = *builder;
    if (const auto id = text_at(json, {"predicate", "runDetails", "metadata", "invocationId"}))
      view.facts["invocation"] = *id;
  }
  return view;
}

class Dsse final : public Format {
 public:
  std::string_view name() const override { return "dsse"; }
  std::string_view summary() const override {
    return "in-toto Statement v1 in a DSSE envelope: SLSA provenance and others";
  }
  std::span<const SignatureScheme> schemes() const override { return kSchemes; }
  bool recognizes(ByteView head) const override {
    const auto text = text_of(head);
    return trim(text).starts_with('{') &&
           (text.find(kStatement) != std::string_view::npos || text.find(kPayloadType) != std::string_view::npos);
  }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_CHECK(Options::read(options, *this));
    HF_TRY(const auto source, SourceFile::open(artifact));
    HF_TRY(const auto payload, source.read_all(kEvidenceBytesMax));
    HF_CHECK(view_of(payload));
    return write_evidence(name(), {{"statement", to_base64(payload)}});
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto payload, parse(evidence));
    return view_of(payload);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto payload, parse(evidence));
    HF_CHECK(view_of(payload));
    return ToSign{pre_authentication(payload), false};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto payload, parse(evidence));
    HF_TRY(const auto source, SourceFile::open(artifact));
    HF_TRY(const auto found, source.read_all(kEvidenceBytesMax));
    if (found != payload)
      return fail(ErrorKind::conflict, "HF-FORMAT-0009", "the artifact is not the one that the signature was made for");
    const auto value =
        is_ecdsa(context.scheme) ? crypto::ecdsa_to_der(signature) : Bytes(signature.begin(), signature.end());
    const JsonObject envelope{{"payload", to_base64(payload)},
                              {"payloadType", kPayloadType},
                              {"signatures", JsonArray{JsonObject{{"keyid", to_hex(fingerprint_of(context.key))},
                                                                  {"sig", to_base64(value)}}}}};
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(bytes_of(to_text(envelope) + "\n")));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto source, SourceFile::open(file.file));
    HF_TRY(const auto text, source.read_all(kEnvelopeMax));
    constexpr std::size_t kDepth = 4, kSignaturesMax = 16;
    HF_TRY(const auto json, parse_json(text_of(text), {.bytes_max = kEnvelopeMax, .depth_max = kDepth}));
    const auto encoded = text_at(json, {"payload"});
    const auto payload = encoded ? from_base64(*encoded) : std::nullopt;
    const auto* signatures = at_path(json, {"signatures"});
    if (!payload || to_base64(*payload) != encoded || !signatures || !signatures->is_array() ||
        json.as_object().size() != 3)
      return malformed("it is not a DSSE envelope");
    if (text_at(json, {"payloadType"}) != kPayloadType) return malformed("its payload is no in-toto statement");
    if (signatures->get_array().size() > kSignaturesMax) return over_limit("the envelope's signatures");
    HF_TRY(auto view, view_of(*payload));
    const auto message = pre_authentication(*payload);
    for (const auto& entry : signatures->get_array()) {
      const auto sig = text_at(entry, {"sig"});
      const auto bytes = sig ? from_base64(*sig) : std::nullopt;
      if (!bytes || to_base64(*bytes) != sig) return malformed("a signature that is not base64");
      // Which key it was is asked of the keys: protocol.md has keyid as a hint that nothing authenticates.
      for (const auto& key : trust.keys) {
        const auto verified = verify_any({.keys = {key}}, kSchemes, message, plain(key, *bytes));
        if (!verified) continue;
        view.facts["signer_key"] = to_hex(fingerprint_of(key));
        return view;
      }
    }
    return not_verified("no signature of the envelope is by a trusted key");
  }

 private:
  static Bytes plain(const crypto::PublicKey& key, const Bytes& signature) {
    if (key.algorithm == crypto::KeyAlgorithm::ecdsa_p256) return crypto::ecdsa_from_der(signature, 64);
    if (key.algorithm == crypto::KeyAlgorithm::ecdsa_p384) return crypto::ecdsa_from_der(signature, 96);
    return signature;
  }
  static Result<Bytes> parse(ByteView evidence) {
    Bytes payload;
    HF_CHECK(read_evidence("dsse", evidence, [&](Fields& fields) { payload = base64_field(fields, "statement"); }));
    return payload;
  }
};

}  // namespace

const Format& dsse_format() {
  static const Dsse format;
  return format;
}

}  // namespace hf::keys
