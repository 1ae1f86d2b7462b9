#include "crypto/sha1.h"

#include <openssl/evp.h>
#include <cstdlib>

namespace hf::crypto {

Bytes sha1_name(ByteView bytes) {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha1(), nullptr) != 1) std::abort();
  out.resize(size);
  return out;
}

}  // namespace hf::crypto
