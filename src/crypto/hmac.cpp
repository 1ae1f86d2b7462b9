#include "crypto/hmac.h"

#include <openssl/evp.h>
#include <cstdlib>

namespace hf::crypto {

Sha256 hmac_sha256(ByteView key, ByteView message) {
  Sha256 mac{};
  std::size_t size = 0;
  const std::uint8_t none = 0;  // OpenSSL reads a null key as "the key set before"
  if (!EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.empty() ? &none : key.data(), key.size(),
                 message.data(), message.size(), mac.data(), mac.size(), &size) ||
      size != mac.size())
    std::abort();
  return mac;
}

}  // namespace hf::crypto
