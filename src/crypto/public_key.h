// Public keys and the verification of signatures made by a key store.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "crypto/sha256.h"

namespace hf::crypto {

enum class KeyAlgorithm {
  ed25519,     // RFC 8032 pure Ed25519
  ecdsa_p256,  // FIPS 186 ECDSA over P-256
  ecdsa_p384,
  rsa_2048,  // public exponent 65537
  rsa_3072,
  rsa_4096,
};
[[nodiscard]] std::string_view name_of(KeyAlgorithm algorithm);  // "ed25519", "ecdsa-p256", "rsa-3072"
[[nodiscard]] std::optional<KeyAlgorithm> key_algorithm_of(std::string_view name);
[[nodiscard]] std::span<const KeyAlgorithm> key_algorithms();

// How a key signs. A property of the signature, not of the key: an RSA key can do two.
enum class SignatureScheme {
  ed25519,            // over the message itself
  ecdsa_p256_sha256,  // r || s, 64 bytes (IEEE P1363)
  ecdsa_p384_sha384,  // r || s, 96 bytes
  rsa_pkcs1_sha256,   // RSASSA-PKCS1-v1_5 (RFC 8017 8.2)
  rsa_pss_sha256,     // RSASSA-PSS (RFC 8017 8.1), MGF1 with SHA-256, salt of 32 bytes
};
[[nodiscard]] std::string_view name_of(SignatureScheme scheme);  // "ecdsa-p256-sha256"
[[nodiscard]] std::optional<SignatureScheme> signature_scheme_of(std::string_view name);
[[nodiscard]] bool fits(SignatureScheme scheme, KeyAlgorithm algorithm);
// The only scheme of an Ed25519 or EC key; PKCS1-v1_5, which every token has, of an RSA key.
[[nodiscard]] SignatureScheme default_scheme_of(KeyAlgorithm algorithm);
// What the scheme signs of a message: its digest, or for Ed25519 the message.
[[nodiscard]] Bytes signing_input(SignatureScheme scheme, ByteView message);
// Of that input, in bytes; 0: any.
[[nodiscard]] std::size_t input_size_of(SignatureScheme scheme);

struct PublicKey {
  KeyAlgorithm algorithm{};
  // Ed25519: the 32 bytes of RFC 8032 5.1.5. EC: 0x04 || X || Y (SEC 1 2.3.3), 65 or 97 bytes. RSA: RSAPublicKey, DER
  // (RFC 8017 A.1.1).
  Bytes point;

  bool operator==(const PublicKey&) const = default;
};

// HF-KEY-0001 unless it is as PublicKey says, for its algorithm, and OpenSSL accepts it as a key (EC: on the curve).
[[nodiscard]] Result<PublicKey> public_key_of(KeyAlgorithm algorithm, ByteView point);
// From modulus and public exponent, big endian. HF-KEY-0001 unless 2048, 3072 or 4096 bits, and odd exponent of 3 to
// 2^33.
[[nodiscard]] Result<PublicKey> rsa_public_key_of(ByteView modulus, ByteView exponent);
struct RsaNumbers {
  Bytes modulus, exponent;  // big endian, without leading zeros
};
[[nodiscard]] Result<RsaNumbers> rsa_numbers_of(const PublicKey& key);
// DER SubjectPublicKeyInfo (RFC 5280 4.1.2.7, RFC 8410, RFC 5480), and the key read back from one. HF-KEY-0001.
[[nodiscard]] Bytes to_spki(const PublicKey& key);
[[nodiscard]] Result<PublicKey> public_key_of_spki(ByteView der);
// "-----BEGIN PUBLIC KEY-----": of a key, and of a file's text. HF-KEY-0001.
[[nodiscard]] std::string to_pem(const PublicKey& key);
[[nodiscard]] Result<PublicKey> public_key_of_pem(std::string_view pem);
// SHA-256 of the SubjectPublicKeyInfo: the name under which a key is pinned.
[[nodiscard]] Sha256 fingerprint_of(const PublicKey& key);

// Of Ed25519 and P-256 signatures.
inline constexpr std::size_t kSignatureSize = 64;

// With the default scheme. True only if the signature has the scheme's size and verifies; false for a key that is none.
[[nodiscard]] bool verify(const PublicKey& key, ByteView message, ByteView signature);

// A key made ready once, for many verifications from any number of threads.
class Verifier {
 public:
  explicit Verifier(const PublicKey& key);
  ~Verifier();
  Verifier(Verifier&&) noexcept;
  Verifier& operator=(Verifier&&) noexcept;

  [[nodiscard]] bool verify(SignatureScheme scheme, ByteView message, ByteView signature) const;
  // Of a digest of input_size_of(scheme) bytes; of the message for Ed25519.
  [[nodiscard]] bool verify_input(SignatureScheme scheme, ByteView input, ByteView signature) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// r || s of an ECDSA signature as the DER Ecdsa-Sig-Value (RFC 3279 2.2.3) of X.509, CMS and OpenSSL; empty unless of
// 64 or 96 bytes. And back, to `size` bytes: empty unless DER and both fit.
[[nodiscard]] Bytes ecdsa_to_der(ByteView signature);
[[nodiscard]] Bytes ecdsa_from_der(ByteView der, std::size_t size);

}  // namespace hf::crypto
