// Public keys that content keys are wrapped for. Devices keep the private halves: nothing here decrypts.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "crypto/secret.h"
#include "crypto/sha256.h"

namespace hf::crypto {

enum class RecipientAlgorithm { rsa, p256, x25519 };
[[nodiscard]] std::string_view name_of(RecipientAlgorithm algorithm);  // "rsa", "p256", "x25519"

struct RecipientKey {
  RecipientAlgorithm algorithm{};
  int bits = 0;                              // of an RSA modulus: 2048 to 4096
  Bytes spki{};                              // SubjectPublicKeyInfo, DER
  Bytes certificate{};                       // DER; empty: a bare key
  [[nodiscard]] Sha256 fingerprint() const;  // SHA-256 of the SubjectPublicKeyInfo
};
// Of a file: a public key in PEM or DER, or a certificate. HF-RECIPIENT-0001: it is neither; 0002: an algorithm that no
// form can wrap for, or an RSA key of another size; 0003: it holds a private key, which belongs to the device alone.
[[nodiscard]] Result<RecipientKey> recipient_key_of(ByteView file);

// One half of ECDH: a pair for this one secret, whose private half is gone when it returns.
struct Agreement {
  Bytes ephemeral{};  // P-256: 0x04 || X || Y; X25519: 32 bytes (RFC 7748)
  Secret shared{};    // P-256: the X coordinate (SP 800-56A 5.7.1.2); X25519: 32 bytes
};
// HF-RECIPIENT-0004 for RSA, and for an X25519 key of small order (RFC 7748 6.1).
[[nodiscard]] Result<Agreement> agree_with(const RecipientKey& key);
// RSAES-OAEP with SHA-256 and MGF1 of it (RFC 8017 7.1). HF-RECIPIENT-0004 for another key.
[[nodiscard]] Result<Bytes> encrypt_oaep(const RecipientKey& key, ByteView secret);

}  // namespace hf::crypto
