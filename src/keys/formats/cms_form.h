// CMS (RFC 5652) as the containers use it: signed attributes over content that is in the evidence, or whose digests
// are.
#pragma once

#include "crypto/cms.h"
#include "keys/formats/support.h"

namespace hf::keys {

// Schemes of a CMS signature here, and those of RSA.
[[nodiscard]] std::span<const crypto::SignatureScheme> cms_schemes();
[[nodiscard]] ToSign cms_to_sign(ByteView content_digest, const SigningContext& context);
// `content`: attached.
[[nodiscard]] Result<Bytes> cms_of(ByteView content_digest, std::optional<ByteView> content,
                                   const SigningContext& context, ByteView signature);
// HF-FORMAT-0001 with the reason for what does not hold.
[[nodiscard]] Result<crypto::CmsVerified> cms_verified(ByteView cms, const Trust& trust,
                                                       const crypto::CmsContent& detached = nullptr);
// eContent of a SignedData, whose signature is another matter (RFC 5652 5.1, 5.2): a view of `cms`.
[[nodiscard]] std::optional<ByteView> attached_content(ByteView cms);
// Facts of verify(): signer's subject and key, signing time, time stamp.
void add_signer_facts(JsonObject& facts, const crypto::CmsVerified& verified);
// The bytes [at, at + size) of a file, which must outlive it.
[[nodiscard]] crypto::CmsContent content_of(const SourceFile& file, std::uint64_t at, std::uint64_t size);

inline constexpr std::size_t kCmsMax = 256U << 10;  // of a detached signature, with its certificates

}  // namespace hf::keys
