// minisign (jedisct1/minisign, "Signature format" and "Public key format").
#pragma once

#include <string>

#include "crypto/public_key.h"

namespace hf::keys {

// The text of minisign's public key file. Empty unless an Ed25519 key. minisign draws a key's 8-byte name by lot; here
// it is the beginning of the SHA-256 of the key, so that it needs no store.
[[nodiscard]] std::string minisign_public_key(const crypto::PublicKey& key);

}  // namespace hf::keys
