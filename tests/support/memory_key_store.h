// A key store in memory, for tests that need signatures and no token. Keys are derived from their label.
#pragma once

#include <openssl/evp.h>

#include "crypto/key_store.h"
#include "crypto/openssl_ptr.h"

namespace hf::test {

class MemoryKeyStore final : public crypto::KeyStore {
 public:
  Result<crypto::PublicKey> public_key(std::string_view label) override {
    const auto key = pkey(label);
    Bytes point(32);
    std::size_t size = point.size();
    EVP_PKEY_get_raw_public_key(key.get(), point.data(), &size);
    return crypto::PublicKey{crypto::KeyAlgorithm::ed25519, point};
  }

  Result<Bytes> sign(std::string_view label, ByteView message) override {
    const auto key = pkey(label);
    const crypto::DigestContextPtr context(EVP_MD_CTX_new());
    Bytes signature(crypto::kSignatureSize);
    std::size_t size = signature.size();
    if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1)
      return fail(ErrorKind::internal, "HF-KEY-0003", "the test key did not sign");
    return signature;
  }

 private:
  static crypto::PkeyPtr pkey(std::string_view label) {
    const auto seed = crypto::sha256({bytes_of(label)});
    return crypto::PkeyPtr(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  }
};

}  // namespace hf::test
