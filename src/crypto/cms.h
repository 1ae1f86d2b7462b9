// CMS SignedData (RFC 5652) of one signer, around a signature that is made elsewhere: signed attributes or content go
// to the key, and what it answers is put in its place. Verified by OpenSSL.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/public_key.h"

namespace hf::crypto {

struct CmsSigner {
  PublicKey key{};
  SignatureScheme scheme{};            // any but Ed25519, whose digest would be SHA-512 (RFC 8419)
  Bytes certificate{};                 // DER
  std::vector<Bytes> intermediates{};  // DER
};

// That the scheme goes with: SHA-384 for P-384, else SHA-256.
[[nodiscard]] Digest cms_digest_of(SignatureScheme scheme);

// The SET OF Attribute that is signed (5.4): contentType id-data, messageDigest, signingTime. What the scheme signs is
// its DER. Without attributes the content itself is signed.
[[nodiscard]] Bytes cms_signed_attributes(ByteView content_digest, Time signing_time);

// ContentInfo in DER. `content` present: attached, else detached. `signed_attributes` empty: the form without, as some
// boot loaders want. `signature` as the key made it (ECDSA: r || s). HF-CMS-0001 for a certificate that is none, or is
// of another key.
[[nodiscard]] Result<Bytes> cms_signed_data(const CmsSigner& signer, std::optional<ByteView> content,
                                            ByteView signed_attributes, ByteView signature);

struct CmsVerified {
  std::vector<Bytes> signers{};        // certificates, DER; at least one
  Bytes content{};                     // attached content
  std::optional<Time> signing_time{};  // earliest of the signers, as they say
  std::optional<Time> stamped_at{};    // by a time stamp that it carries: set by who verifies that (timestamp.h)
  Bytes stamped_by{};                  // the TSA's certificate, DER
};
// The pieces of detached content: fills at most the span's bytes, 0 at the end.
using CmsContent = std::function<std::size_t(std::span<std::uint8_t>)>;
// Every signer's signature holds, and its certificate is trusted or leads to one that is. An extended key usage, if
// there is one, must be emailProtection, codeSigning or any. Certificates must be valid at the signing time that the
// signer states; without one, validity is not asked. DER alone, nothing after it. HF-CMS-0002 what does not hold,
// HF-CMS-0003 for what is no SignedData.
[[nodiscard]] Result<CmsVerified> cms_verify(ByteView der, const std::vector<Bytes>& trusted,
                                             const CmsContent& detached = nullptr);
[[nodiscard]] CmsContent content_of(ByteView bytes);  // which must outlive it

struct CertificateFacts {
  std::string subject{};  // RFC 2253
  PublicKey key{};
  std::vector<std::string> extended_key_usage{};  // dotted; empty: absent
};
// HF-CMS-0001
[[nodiscard]] Result<CertificateFacts> facts_of_certificate(ByteView der);
[[nodiscard]] Result<Bytes> certificate_of_pem(std::string_view pem);  // the first; DER

}  // namespace hf::crypto
