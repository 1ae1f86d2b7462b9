// Verification of signatures that others made: the algorithms of X.509 chains, CSRs and vendors' files, of which the
// keys that we sign with (public_key.h) are a part. Strict where libraries are lax; nothing here signs.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "crypto/public_key.h"

namespace hf::crypto {

enum class KeyKind { rsa, ec, ed25519, ed448 };
enum class HashKind { none, sha1, sha256, sha384, sha512 };  // none: the scheme hashes by itself (EdDSA)
enum class Padding { none, pkcs1, pss };
enum class EcdsaForm { der, p1363 };  // Ecdsa-Sig-Value (RFC 3279 2.2.3), or r || s of the field's size each

struct VerificationAlgorithm {
  std::string_view name{};  // "ecdsa-p256-sha256", "ecdsa-p256-sha256-p1363", "rsa-pss-sha384"
  KeyKind kind{};
  int curve_bits = 0;  // EC: 256, 384, 521; 0: any of these
  HashKind hash{};
  Padding padding{};
  EcdsaForm form{};
};
// All that `crypto verify` takes, by name. SHA-1 is none of them.
[[nodiscard]] std::span<const VerificationAlgorithm> verification_algorithms();
[[nodiscard]] std::optional<VerificationAlgorithm> verification_algorithm_of(std::string_view name);
// Of an AlgorithmIdentifier in DER (RFC 4055, RFC 5758, RFC 8410), with its parameters: exactly as the RFC writes them.
// SHA-1 is known, so that it can be refused by name. None for any other.
[[nodiscard]] std::optional<VerificationAlgorithm> verification_algorithm_of_der(ByteView algorithm_identifier);

// What a certificate, CRL or request that we sign with the scheme has as its AlgorithmIdentifier.
[[nodiscard]] Bytes algorithm_identifier_of(SignatureScheme scheme);

// A SubjectPublicKeyInfo that is as its RFC writes it: RSA with NULL parameters, a named curve and an uncompressed
// point on it, EdDSA without parameters; RSA of 1024 to 8192 bits with an odd exponent of 3 to 2^64.
class VerificationKey {
 public:
  static Result<VerificationKey> of_spki(ByteView der);  // HF-KEY-0009 with what is wrong
  ~VerificationKey();
  VerificationKey(VerificationKey&&) noexcept;
  VerificationKey& operator=(VerificationKey&&) noexcept;

  [[nodiscard]] KeyKind kind() const;
  [[nodiscard]] int bits() const;          // of the modulus or the field
  [[nodiscard]] std::string name() const;  // "rsa-2048", "ecdsa-p256", "ed25519"
  // Why it should not be trusted although it is well formed: a modulus below 2048 bits, of two close primes, with a
  // small factor, or of the generator of CVE-2017-15361 (ROCA). Empty: nothing found.
  [[nodiscard]] std::string weakness() const;
  // False too for an algorithm of another kind of key or curve, and for a signature that is not in its one encoding.
  [[nodiscard]] bool verify(const VerificationAlgorithm& algorithm, ByteView message, ByteView signature) const;

 private:
  struct State;
  explicit VerificationKey(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The DER of every block of that label in a PEM text (RFC 7468): "CERTIFICATE", "PUBLIC KEY". Text outside of blocks is
// skipped. HF-PEM-0001 for a block that does not end or is no base64; none at all is an empty list.
[[nodiscard]] Result<std::vector<Bytes>> pem_blocks(std::string_view text, std::string_view label);
// One such block, in lines of 64 characters.
[[nodiscard]] std::string pem_of(std::string_view label, ByteView der);

}  // namespace hf::crypto
