// COSE_Encrypt (RFC 9052 5.1) whose content key is wrapped for each recipient with ECDH-ES + HKDF-256 and AES Key Wrap
// (RFC 9053 6.4), the ciphertext apart: what SUIT calls its encryption info (draft-ietf-suit-firmware-encryption 6).
#pragma once

#include <vector>

#include "crypto/cbor.h"
#include "crypto/recipient_key.h"

namespace hf::crypto {

// draft-ietf-suit-firmware-encryption binds the key to its use by SuppPubInfo.other; RFC 9053 alone leaves it out.
enum class CoseUse { plain, suit };

// The content's algorithm goes by the key: A128GCM (1) or A256GCM (3).
// What its AEAD authenticates beside the ciphertext: the Enc_structure (RFC 9052 5.3), without external data.
[[nodiscard]] Bytes cose_encrypt_aad(std::size_t key_size);
// Tag 96. Recipients are P-256 or X25519 keys; their key identifier is the fingerprint. HF-RECIPIENT-0004.
[[nodiscard]] Result<Bytes> cose_encrypt(ByteView key, ByteView nonce, const std::vector<RecipientKey>& recipients,
                                         CoseUse use = CoseUse::plain);

// COSE_KDF_Context (RFC 9053 5.2) of a key-wrapping key of `size` bytes.
[[nodiscard]] Bytes cose_kdf_context(std::size_t size, ByteView protected_header, CoseUse use = CoseUse::plain);

struct CoseRecipient {
  std::int64_t algorithm = 0;
  Bytes key_id{}, ephemeral{}, protected_header{}, wrapped{};  // `ephemeral` as in Agreement; empty: none
};
struct CoseEncrypt {
  std::int64_t algorithm = 0;
  Bytes nonce{};
  bool detached = false;
  std::vector<CoseRecipient> recipients{};
};
inline constexpr std::size_t kCoseRecipientsMax = 256;
// HF-COSE-0002: it is no COSE_Encrypt in the deterministic encoding with recipients of one layer.
[[nodiscard]] Result<CoseEncrypt> parse_cose_encrypt(ByteView bytes);

}  // namespace hf::crypto
