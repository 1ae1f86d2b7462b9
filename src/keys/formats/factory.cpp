// Orders to factories (factory_order.h): authorisations and holds, each in an envelope (dsse_envelope.h) of its own
// payload type. The order is the evidence, whole; a charter tells the two kinds apart.
#include "keys/formats/all.h"
#include "keys/formats/dsse_envelope.h"
#include "keys/formats/factory_order.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

Result<View> view_of(ByteView payload) {
  HF_TRY(const auto order, factory_order_of(payload));
  const auto* const authorisation = std::get_if<FactoryAuthorisation>(&order);
  View view{.format = "factory-authorisation", .kind = authorisation ? "factory_authorisation" : "factory_hold"};
  view.compatible = {authorisation ? authorisation->product : std::get<FactoryHold>(order).product};
  if (authorisation) view.digests = authorisation->activation.flash_sha256;
  view.facts = facts_of(order);
  return view;
}

class Factory final : public Format {
 public:
  std::string_view name() const override { return "factory-authorisation"; }
  std::string_view summary() const override {
    return "what a factory's stations may issue, or a hold of it, in a DSSE envelope";
  }
  std::span<const crypto::SignatureScheme> schemes() const override { return envelope_schemes(); }
  bool recognizes(ByteView head) const override {
    const auto text = text_of(head);
    return text.starts_with('{') && (text.find("\"holdfast-factory-") != std::string_view::npos ||
                                     text.find(kFactoryOrderType) != std::string_view::npos);
  }

  Result<Bytes> evidence(const std::filesystem::path& artifact, const JsonObject& options) const override {
    HF_CHECK(Options::read(options, *this));
    HF_TRY(const auto source, SourceFile::open(artifact));
    HF_TRY(const auto payload, source.read_all(kFactoryOrderMax));
    HF_CHECK(view_of(payload));
    return write_evidence(name(), {{"order", to_base64(payload)}});
  }

  Result<View> view(ByteView evidence) const override {
    HF_TRY(const auto payload, parse(evidence));
    return view_of(payload);
  }

  Result<ToSign> to_sign(ByteView evidence, const SigningContext& context) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto payload, parse(evidence));
    HF_CHECK(view_of(payload));
    return ToSign{pre_authentication(kFactoryOrderType, payload), false};
  }

  Result<void> assemble(const std::filesystem::path& artifact, ByteView evidence, const SigningContext& context,
                        ByteView signature, const std::filesystem::path& out) const override {
    HF_CHECK(check_context(*this, context));
    HF_TRY(const auto payload, parse(evidence));
    HF_TRY(const auto source, SourceFile::open(artifact));
    HF_TRY(const auto found, source.read_all(kFactoryOrderMax));
    if (found != payload)
      return fail(ErrorKind::conflict, "HF-FORMAT-0009", "the artifact is not the one that the signature was made for");
    HF_TRY(auto target, TargetFile::create(out));
    HF_CHECK(target.write(bytes_of(envelope_text(kFactoryOrderType, payload, context.key, context.scheme, signature))));
    return finish(target, *this, artifact, evidence, context);
  }

  Result<View> verify(const SignedFile& file, const Trust& trust) const override {
    HF_TRY(const auto source, SourceFile::open(file.file));
    HF_TRY(const auto text, source.read_all(kEnvelopeMax));
    HF_TRY(const auto envelope, read_envelope(text, kFactoryOrderType));
    HF_TRY(auto view, view_of(envelope.payload));
    const auto signer = envelope_signer(envelope, kFactoryOrderType, trust.keys);
    if (!signer) return not_verified("no signature of the envelope is by a trusted key");
    view.facts["signer_key"] = to_hex(fingerprint_of(*signer));
    return view;
  }

 private:
  static Result<Bytes> parse(ByteView evidence) {
    Bytes payload;
    HF_CHECK(read_evidence("factory-authorisation", evidence,
                           [&](Fields& fields) { payload = base64_field(fields, "order"); }));
    return payload;
  }
};

}  // namespace

const Format& factory_format() {
  static const Factory format;
  return format;
}

}  // namespace hf::keys
