// Certificates and tokens of Arm's Authenticated Debug Access Control (DEN0101), little endian. Read, never judged by
// anything but their own rules; what may be signed is the charter's (keys/debug_policy.h).
//
//   certificate  header (52) | public key | extensions hash | signature | extensions
//   token        header (24) | extensions hash | signature | extensions;  signed with the device's challenge after it
//   chain        certificate TLVs from the root down, at most 16
//
// Layout, order and what is signed: TrustedFirmware's psa-adac (psa_adac.h, psa_adac_cryptosystems.h, its certificate,
// token and authenticator sources), read against the chain that Arm publishes with its secure debug manager
// (chain.EcdsaP256-3). Ed25519 as Nordic's nRF54L reads it; psa-adac itself has no verifier for it. RSA and P-521 are
// left out: the byte order of an RSA key in a certificate could not be checked, and no scheme here is of P-521.
#pragma once

#include "keys/formats/debug_tlv.h"

namespace hf::keys::adac {

enum class Role : std::uint8_t { root = 1, intermediate = 2, leaf = 3 };
[[nodiscard]] std::string_view name_of(Role role);
[[nodiscard]] std::optional<Role> role_of(std::string_view name);

struct Version {  // 1.0, or the 0.1 of devices and files before it: the layout is the same
  std::uint8_t major = 1, minor = 0;
  bool operator==(const Version&) const = default;
};

// Of both the key and its signatures: psa-adac takes no chain of mixed ones.
struct Cryptosystem {
  std::uint8_t id;  // key_options_t
  crypto::KeyAlgorithm algorithm;
  crypto::SignatureScheme scheme;
  crypto::Digest digest;  // of the extensions
  std::size_t key_size, digest_size, signature_size;
};
[[nodiscard]] const Cryptosystem* cryptosystem_of(crypto::KeyAlgorithm algorithm);  // null: none that is known here

inline constexpr std::size_t kChainMax = 16, kExtensionsMax = 16;  // MAX_EXTENSIONS
inline constexpr std::size_t kSocId = 16, kPermissions = 16, kChallenge = 32;

struct Certificate {
  Version version{};
  const Cryptosystem* system = nullptr;
  Role role{};
  std::uint8_t usage = 0;
  std::uint16_t lifecycle = 0, oem_constraint = 0;  // 0: any
  std::uint32_t soc_class = 0;                      // 0: any
  ByteView soc_id{};                                // zeros: any
  ByteView permissions{};
  crypto::PublicKey key{};
  std::vector<std::uint16_t> extensions{};  // types
  ByteView signed_part{}, signature{}, rest{};
};
struct Token {
  Version version{};
  const Cryptosystem* system = nullptr;
  ByteView permissions{};  // that it asks for
  ByteView signed_part{}, signature{};
};

// The value of a TLV; views into it. HF-FORMAT-0004; HF-FORMAT-0005 for more than kExtensionsMax extensions.
[[nodiscard]] Result<Certificate> certificate_of(ByteView value);
[[nodiscard]] Result<Token> token_of(ByteView value);  // with extensions: refused, nothing here knows one

// What a chain as a whole says. A device grants what all of its certificates allow.
struct Chain {
  std::vector<Certificate> certificates{};
  std::uint32_t soc_class = 0;
  std::uint16_t lifecycle = 0;
  Bytes soc_id{}, permissions{};  // all of them and'ed

  [[nodiscard]] const Certificate& root() const { return certificates.front(); }
  [[nodiscard]] const Certificate& last() const { return certificates.back(); }
};
// Roles from the root down, one cryptosystem, no certificate for another device than those above it, every signature
// good. The last one's may be missing (zeros). HF-FORMAT-0004, -0005, -0001 for a signature that does not hold.
[[nodiscard]] Result<Chain> chain_of(std::span<const Tlv> tlvs, bool last_is_unsigned);
// HF-FORMAT-0001 unless the root's key is trusted: a device knows no other.
[[nodiscard]] Result<void> check_root(const Chain& chain, const Trust& trust);
// A chain file: binary, or in base64 as Arm's secure debug manager reads it.
[[nodiscard]] Result<Bytes> chain_bytes(Bytes file);

// For `debug prepare`.
struct NewCertificate {
  Version version{};
  Role role{};
  std::uint8_t usage = 0;
  std::uint16_t lifecycle = 0, oem_constraint = 0;
  std::uint32_t soc_class = 0;
  Bytes soc_id{}, permissions{};
  crypto::PublicKey key{};
};
[[nodiscard]] Result<Bytes> certificate_request(ByteView issuers, const NewCertificate& wanted);
struct NewToken {
  std::uint32_t soc_class = 0;
  Bytes soc_id{};
  std::uint16_t lifecycle = 0;  // of the device
  Bytes permissions{}, challenge{};
};
[[nodiscard]] Result<Bytes> token_request(ByteView chain, const NewToken& wanted);

}  // namespace hf::keys::adac
