#include "keys/formats/enveloped.h"

#include "keys/formats/dsse_envelope.h"
#include "keys/formats/support.h"

namespace hf::keys {

std::span<const crypto::SignatureScheme> EnvelopedFormat::schemes() const { return envelope_schemes(); }

Result<Bytes> EnvelopedFormat::evidence(const std::filesystem::path& artifact, const JsonObject& options) const {
  HF_CHECK(Options::read(options, *this));
  HF_TRY(const auto source, SourceFile::open(artifact));
  HF_TRY(const auto payload, source.read_all(artifact_max()));
  HF_CHECK(view_of_payload(payload));
  JsonObject evidence;
  evidence[member()] = to_base64(payload);
  return write_evidence(name(), std::move(evidence));
}

Result<View> EnvelopedFormat::view(ByteView evidence) const {
  HF_TRY(const auto payload, payload_in(evidence));
  return view_of_payload(payload);
}

Result<ToSign> EnvelopedFormat::to_sign(ByteView evidence, const SigningContext& context) const {
  HF_CHECK(check_context(*this, context));
  HF_TRY(const auto payload, payload_in(evidence));
  HF_CHECK(view_of_payload(payload));
  return ToSign{pre_authentication(payload_type(), payload), false};
}

Result<void> EnvelopedFormat::assemble(const std::filesystem::path& artifact, ByteView evidence,
                                       const SigningContext& context, ByteView signature,
                                       const std::filesystem::path& out) const {
  HF_CHECK(check_context(*this, context));
  HF_TRY(const auto payload, payload_in(evidence));
  HF_TRY(const auto source, SourceFile::open(artifact));
  HF_TRY(const auto found, source.read_all(artifact_max()));
  if (found != payload)
    return fail(ErrorKind::conflict, "HF-FORMAT-0009", "the artifact is not the one that the signature was made for");
  HF_TRY(auto target, TargetFile::create(out));
  HF_CHECK(target.write(bytes_of(envelope_text(payload_type(), payload, context.key, context.scheme, signature))));
  return finish(target, *this, artifact, evidence, context);
}

Result<View> EnvelopedFormat::verify(const SignedFile& file, const Trust& trust) const {
  HF_TRY(const auto source, SourceFile::open(file.file));
  HF_TRY(const auto text, source.read_all(kEnvelopeMax));
  HF_TRY(const auto envelope, read_envelope(text, payload_type()));
  HF_TRY(auto view, view_of_payload(envelope.payload));
  const auto signer = envelope_signer(envelope, payload_type(), trust.keys);
  if (!signer) return not_verified("no signature of the envelope is by a trusted key");
  view.facts["signer_key"] = to_hex(fingerprint_of(*signer));
  return view;
}

Result<Bytes> EnvelopedFormat::payload_in(ByteView evidence) const {
  Bytes payload;
  HF_CHECK(read_evidence(name(), evidence, [&](Fields& fields) { payload = base64_field(fields, member()); }));
  return payload;
}

}  // namespace hf::keys
