// Keys that lie in an image as they are, uncompressed: the public keys that a boot loader will trust, and private keys,
// which have no business there.
#pragma once

#include "keys/formats/support.h"

namespace hf::keys {

struct FoundKeys {
  std::vector<std::string> public_keys{};  // SHA-256 of their SubjectPublicKeyInfo, hex, in order; at most 16
  bool private_key = false;                // PEM, PKCS #8, SEC 1 or PKCS #1 in DER
};
// DER of RSA 2048 to 4096 (SubjectPublicKeyInfo or RSAPublicKey), P-256, P-384 and Ed25519.
[[nodiscard]] Result<FoundKeys> scan_for_keys(const SourceFile& file, std::uint64_t at, std::uint64_t size);
// The fingerprints as JSON. HF-FORMAT-0017 for a private key: whoever gets the image has the key.
[[nodiscard]] Result<JsonArray> embedded_keys(const SourceFile& file, std::uint64_t at, std::uint64_t size);

}  // namespace hf::keys
