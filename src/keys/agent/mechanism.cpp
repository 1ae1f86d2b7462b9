#include "keys/agent/mechanism.h"

#include <algorithm>
#include <array>

namespace hf::keys::agent {
namespace {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;

// DigestInfo of SHA-256 up to its 32 bytes (RFC 8017 section 9.2, note 1).
constexpr std::array<std::uint8_t, 19> kSha256Info{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                                   0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
constexpr std::size_t kSha256 = 32;
// CKM_SHA256, CKG_MGF1_SHA256, salt of the digest's length.
constexpr std::array<std::uint8_t, 12> kPss{0, 0, 2, 0x50, 0, 0, 0, 2, 0, 0, 0, 32};

auto refuse(std::string why) { return fail(ErrorKind::invalid, "HF-AGENT-0001", std::move(why)); }

bool is_rsa(KeyAlgorithm key) {
  return key == KeyAlgorithm::rsa_2048 || key == KeyAlgorithm::rsa_3072 || key == KeyAlgorithm::rsa_4096;
}

Result<Prepared> ecdsa(Mechanism mechanism, KeyAlgorithm key, ByteView digest) {
  const auto scheme = key == KeyAlgorithm::ecdsa_p256   ? std::optional(SignatureScheme::ecdsa_p256_sha256)
                      : key == KeyAlgorithm::ecdsa_p384 ? std::optional(SignatureScheme::ecdsa_p384_sha384)
                                                        : std::nullopt;
  if (!scheme) return refuse("an ECDSA mechanism is for a key on a curve");
  const auto hash = hash_of(mechanism);
  const auto wanted = *scheme == SignatureScheme::ecdsa_p256_sha256 ? crypto::Digest::sha256 : crypto::Digest::sha384;
  if (hash && *hash != wanted) return refuse("this key signs with " + std::string(crypto::name_of(wanted)));
  if (digest.size() != crypto::input_size_of(*scheme))
    return refuse("this key signs a digest of " + std::to_string(crypto::input_size_of(*scheme)) + " bytes, not of " +
                  std::to_string(digest.size()));
  return Prepared{*scheme, Bytes(digest.begin(), digest.end())};
}

Result<Prepared> rsa(SignatureScheme scheme, KeyAlgorithm key, ByteView digest) {
  if (!is_rsa(key)) return refuse("an RSA mechanism is for an RSA key");
  if (digest.size() != kSha256) return refuse("RSA keys sign SHA-256 digests here, of 32 bytes");
  return Prepared{scheme, Bytes(digest.begin(), digest.end())};
}

}  // namespace

std::optional<Mechanism> mechanism_of(std::uint32_t number) {
  for (const auto known :
       {Mechanism::rsa_pkcs, Mechanism::rsa_pkcs_pss, Mechanism::sha256_rsa_pkcs, Mechanism::sha256_rsa_pkcs_pss,
        Mechanism::ecdsa, Mechanism::ecdsa_sha256, Mechanism::ecdsa_sha384})
    if (std::uint32_t(known) == number) return known;
  return {};
}

std::optional<crypto::Digest> hash_of(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::sha256_rsa_pkcs:
    case Mechanism::sha256_rsa_pkcs_pss:
    case Mechanism::ecdsa_sha256: return crypto::Digest::sha256;
    case Mechanism::ecdsa_sha384: return crypto::Digest::sha384;
    case Mechanism::rsa_pkcs:
    case Mechanism::rsa_pkcs_pss:
    case Mechanism::ecdsa: return {};
  }
  return {};
}

Result<Prepared> prepare(Mechanism mechanism, ByteView parameter, KeyAlgorithm key, ByteView data) {
  const bool pss = mechanism == Mechanism::rsa_pkcs_pss || mechanism == Mechanism::sha256_rsa_pkcs_pss;
  if (pss ? !std::ranges::equal(parameter, kPss) : !parameter.empty())
    return refuse(pss ? "PSS is signed with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes"
                      : "the mechanism takes no parameter");
  switch (mechanism) {
    case Mechanism::ecdsa:
    case Mechanism::ecdsa_sha256:
    case Mechanism::ecdsa_sha384: return ecdsa(mechanism, key, data);
    case Mechanism::rsa_pkcs: {
      const auto info = data.first(std::min(data.size(), kSha256Info.size()));
      if (!std::ranges::equal(info, kSha256Info)) return refuse("PKCS #1 v1.5 signs the DigestInfo of SHA-256 here");
      return rsa(SignatureScheme::rsa_pkcs1_sha256, key, data.subspan(kSha256Info.size()));
    }
    case Mechanism::sha256_rsa_pkcs: return rsa(SignatureScheme::rsa_pkcs1_sha256, key, data);
    case Mechanism::rsa_pkcs_pss:
    case Mechanism::sha256_rsa_pkcs_pss: return rsa(SignatureScheme::rsa_pss_sha256, key, data);
  }
  return refuse("the mechanism is not known");
}

}  // namespace hf::keys::agent
