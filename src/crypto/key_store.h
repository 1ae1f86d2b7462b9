// The port to private keys. The product has one implementation, a PKCS#11 token (p11/key_store.h).
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "crypto/public_key.h"

namespace hf::crypto {

// What a key is recognised by for good: tokens renumber handles, and labels can be given twice.
struct KeyPin {
  Bytes id;              // CKA_ID
  Sha256 fingerprint{};  // fingerprint_of() its public key

  bool operator==(const KeyPin&) const = default;
};

class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // HF-KEY-0002 if the store has no key of this label; HF-P11-* if the token does not answer.
  [[nodiscard]] virtual Result<PublicKey> public_key(std::string_view label) = 0;
  // The 64-byte signature over the whole message, already verified with the key's pinned public half.
  // As public_key(), or HF-KEY-0003: the store made a signature that does not verify, and it was withheld.
  [[nodiscard]] virtual Result<Bytes> sign(std::string_view label, ByteView message) = 0;
};

}  // namespace hf::crypto
