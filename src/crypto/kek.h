// Key-encryption keys of a token: AES-256 keys that never leave it and wrap content keys under them.
//
// AES-GCM (CKM_AES_GCM) with a random nonce, and not AES Key Wrap: its additional data binds a wrapped key to what it
// is for, and the key needs ENCRYPT and DECRYPT alone. With C_WrapKey it would need WRAP and UNWRAP at once, by which
// any extractable key of the token can be taken out in the clear.
#pragma once

#include <memory>

#include "crypto/secret.h"
#include "crypto/sha256.h"
#include "crypto/token_setup.h"

namespace hf::crypto {

struct Kek {
  std::string label{};
  Bytes id{};            // CKA_ID
  Sha256 fingerprint{};  // of what the key makes of a fixed nonce and text: the key itself cannot be read

  bool operator==(const Kek&) const = default;
};

class KekStore {
 public:
  virtual ~KekStore() = default;
  // A new key, read back and proven. HF-KEY-0007 if the label is taken, HF-KEY-0010 if the token kept it otherwise than
  // asked for, HF-P11-*.
  [[nodiscard]] virtual Result<Kek> generate(std::string_view label) = 0;
  // nonce, ciphertext, tag. HF-KEY-0002: the token has no such key; HF-KEY-0005: it has another under this CKA_ID.
  [[nodiscard]] virtual Result<Bytes> wrap(const Kek& kek, ByteView key, ByteView context) = 0;
  // HF-CIPHER-0002: it was not wrapped under this key for this context.
  [[nodiscard]] virtual Result<Secret> unwrap(const Kek& kek, ByteView wrapped, ByteView context) = 0;
};

// HF-P11-*, HF-FILE-*.
[[nodiscard]] Result<std::unique_ptr<KekStore>> open_kek_store(const TokenConfig& config);

}  // namespace hf::crypto
