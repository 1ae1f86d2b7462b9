// What a tool asks of a token, as a scheme and the digest that it signs. Numbers and structures are those of PKCS #11
// 2.40 (OASIS, Current Mechanisms), so that a thin module can pass on what it was given.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "crypto/digest.h"
#include "crypto/public_key.h"

namespace hf::keys::agent {

enum class Mechanism : std::uint32_t {
  rsa_pkcs = 0x0001,             // data: DigestInfo (RFC 8017 section 9.2), which names the hash
  rsa_pkcs_pss = 0x000d,         // data: the digest
  sha256_rsa_pkcs = 0x0040,      // data: the message
  sha256_rsa_pkcs_pss = 0x0043,  // data: the message
  ecdsa = 0x1041,                // data: the digest
  ecdsa_sha256 = 0x1044,         // data: the message
  ecdsa_sha384 = 0x1045,         // data: the message
};
[[nodiscard]] std::optional<Mechanism> mechanism_of(std::uint32_t number);
// The hash that the mechanism takes of a message; absent: it is given a digest.
[[nodiscard]] std::optional<crypto::Digest> hash_of(Mechanism mechanism);

struct Prepared {
  crypto::SignatureScheme scheme{};
  Bytes digest;
};
// `parameter` of the PSS mechanisms: CK_RSA_PKCS_PSS_PARAMS as three numbers of four bytes, big endian; else empty.
// `data` is a digest where hash_of() is set: whoever has the message has hashed it. HF-AGENT-0001 for what no scheme of
// ours is: another hash, another salt, a digest of another length, a key of another kind.
[[nodiscard]] Result<Prepared> prepare(Mechanism mechanism, ByteView parameter, crypto::KeyAlgorithm key,
                                       ByteView data);

}  // namespace hf::keys::agent
