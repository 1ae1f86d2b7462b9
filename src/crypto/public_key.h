// Public keys and the verification of signatures made by a key store.
#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "crypto/sha256.h"

namespace hf::crypto {

enum class KeyAlgorithm {
  ed25519,     // RFC 8032 pure Ed25519
  ecdsa_p256,  // FIPS 186 ECDSA over P-256, message digested with SHA-256
};
[[nodiscard]] std::string_view name_of(KeyAlgorithm algorithm);  // "ed25519", "ecdsa-p256"

struct PublicKey {
  KeyAlgorithm algorithm{};
  Bytes point;  // Ed25519: the 32 bytes of RFC 8032 5.1.5; P-256: 0x04 || X || Y, 65 bytes (SEC 1 2.3.3)

  bool operator==(const PublicKey&) const = default;
};

// Signatures are 64 bytes for both algorithms: R || S of RFC 8032, or r || s of IEEE P1363 as PKCS#11 gives them.
inline constexpr std::size_t kSignatureSize = 64;

// HF-KEY-0001 unless the point has the length of its algorithm and OpenSSL accepts it as a key (P-256: on the curve).
[[nodiscard]] Result<PublicKey> public_key_of(KeyAlgorithm algorithm, ByteView point);
// DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 8410, RFC 5480), and the key read back from one. HF-KEY-0001.
[[nodiscard]] Bytes to_spki(const PublicKey& key);
[[nodiscard]] Result<PublicKey> public_key_of_spki(ByteView der);
// SHA-256 of the SubjectPublicKeyInfo: the name under which a key is pinned.
[[nodiscard]] Sha256 fingerprint_of(const PublicKey& key);

// True only if `signature` is 64 bytes and verifies. False also for a key that is none.
[[nodiscard]] bool verify(const PublicKey& key, ByteView message, ByteView signature);

// r || s of an ECDSA signature as the DER Ecdsa-Sig-Value (RFC 3279 2.2.3) of X.509, CMS and OpenSSL; empty unless 64
// bytes.
[[nodiscard]] Bytes ecdsa_to_der(ByteView signature);

}  // namespace hf::crypto
