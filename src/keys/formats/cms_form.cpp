#include "keys/formats/cms_form.h"

#include "crypto/der.h"

#include <algorithm>
#include <array>

#include "crypto/timestamp.h"

namespace hf::keys {

std::span<const crypto::SignatureScheme> cms_schemes() {
  using enum crypto::SignatureScheme;
  static constexpr std::array all{ecdsa_p256_sha256, ecdsa_p384_sha384, rsa_pkcs1_sha256, rsa_pss_sha256};
  return all;
}

ToSign cms_to_sign(ByteView content_digest, const SigningContext& context) {
  return {crypto::cms_signed_attributes(content_digest, context.signing_time), false};
}

Result<Bytes> cms_of(ByteView content_digest, std::optional<ByteView> content, const SigningContext& context,
                     ByteView signature) {
  return crypto::cms_signed_data({context.key, context.scheme, context.certificate, context.intermediates}, content,
                                 crypto::cms_signed_attributes(content_digest, context.signing_time), signature);
}

Result<crypto::CmsVerified> cms_verified(ByteView cms, const Trust& trust, const crypto::CmsContent& detached) {
  auto verified = crypto::cms_verify(cms, trust.certificates, detached);
  if (!verified) return not_verified(verified.error().message);
  // A time stamp is an unsigned attribute: anybody can put one there, so a bad one is no time stamp to be passed over.
  HF_TRY(const auto token, crypto::cms_timestamp_of(cms));
  if (token.empty()) return verified;
  HF_TRY(const auto signature, crypto::cms_signature_of(cms));
  const auto stamp = crypto::timestamp_verify(
      token, trust.certificates, [&](crypto::Digest digest) { return crypto::digest_of(digest, signature); });
  if (!stamp) return not_verified(stamp.error().message);
  verified->stamped_at = stamp->stamp.time;
  verified->stamped_by = stamp->signer;
  return verified;
}

std::optional<ByteView> attached_content(ByteView cms) {
  namespace der = crypto::der;
  crypto::DerReader outer(cms);
  const auto info = outer.next(der::kSequence);
  crypto::DerReader parts(info ? info->content : ByteView());
  static_cast<void>(parts.next(der::kOid));
  const auto wrapped = parts.next(der::context(0));
  crypto::DerReader unwrapped(wrapped ? wrapped->content : ByteView());
  const auto data = unwrapped.next(der::kSequence);
  crypto::DerReader fields(data ? data->content : ByteView());
  static_cast<void>(fields.next(der::kInteger)), static_cast<void>(fields.next(der::kSet));
  const auto encapsulated = fields.next(der::kSequence);
  crypto::DerReader inner(encapsulated ? encapsulated->content : ByteView());
  static_cast<void>(inner.next(der::kOid));
  const auto holder = inner.next(der::context(0));
  crypto::DerReader octets(holder ? holder->content : ByteView());
  const auto content = octets.next(der::kOctetString);
  if (!content) return std::nullopt;
  return content->content;
}

void add_signer_facts(JsonObject& facts, const crypto::CmsVerified& verified) {
  const auto signer = crypto::facts_of_certificate(verified.signers.front());
  if (!signer) return;
  facts["signer"] = signer->subject;
  facts["signer_key"] = to_hex(fingerprint_of(signer->key));
  if (verified.signing_time) facts["signing_time"] = format_rfc3339(*verified.signing_time);
  if (!verified.stamped_at) return;
  facts["time_stamp"] = format_rfc3339(*verified.stamped_at);
  if (const auto stamper = crypto::facts_of_certificate(verified.stamped_by)) facts["time_stamp_by"] = stamper->subject;
}

crypto::CmsContent content_of(const SourceFile& file, std::uint64_t at, std::uint64_t size) {
  return [&file, at, size](std::span<std::uint8_t> out) mutable {
    const auto piece = std::size_t(std::min<std::uint64_t>(out.size(), size));
    const auto bytes = file.read(at, piece);
    if (!bytes) return std::size_t{0};  // a short content has another digest
    std::ranges::copy(*bytes, out.begin());
    at += piece, size -= piece;
    return piece;
  };
}

}  // namespace hf::keys
