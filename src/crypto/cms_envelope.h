// CMS EnvelopedData (RFC 5652 6): content for the holders of certificates, as RAUC's crypt bundles carry it and
// `openssl cms -decrypt` reads it.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace hf::crypto {

// AES-256-CBC. RSA recipients by RSAES-OAEP with SHA-256 (RFC 4056), EC ones by ECDH with the key derivation of X9.63
// with SHA-256 and AES-256 key wrap (RFC 5753). The content is OpenSSL's memory for as long as this takes. HF-CMS-0004:
// a certificate that is none, or is of a key that CMS does not wrap for.
[[nodiscard]] Result<Bytes> cms_envelope(ByteView content, const std::vector<Bytes>& certificates);

struct CmsRecipient {
  std::string kind{};  // "key transport", "key agreement", "key-encryption key", "password", "other"
  Bytes issuer{};      // Name, DER; empty: named by a key identifier
  Bytes serial{};      // big endian
  Bytes key_id{};      // subject key identifier, or of a key-encryption key
};
inline constexpr std::size_t kCmsRecipientsMax = 1024;
// Whom an EnvelopedData is for, without a key. HF-CMS-0005: it is none in DER, or has more recipients.
[[nodiscard]] Result<std::vector<CmsRecipient>> cms_recipients(ByteView der);
// Whether it begins as ContentInfo of an EnvelopedData.
[[nodiscard]] bool is_cms_envelope(ByteView der);
// How a certificate is named in an envelope.
[[nodiscard]] Result<CmsRecipient> cms_recipient_of(ByteView certificate);  // HF-CMS-0004

}  // namespace hf::crypto
