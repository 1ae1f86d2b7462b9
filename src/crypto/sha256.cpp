#include "crypto/sha256.h"

#include <cstdlib>
#include <memory>
#include <openssl/evp.h>

namespace hf::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Fetched once: EVP_sha256() is looked up again at every init in OpenSSL 3, which costs more than the digest.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

}  // namespace

Sha256 sha256(std::initializer_list<std::span<const std::uint8_t>> parts) {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Sha256 digest{};
  bool done = context && algorithm() && EVP_DigestInit_ex2(context.get(), algorithm(), nullptr) == 1;
  for (const auto part : parts) done = done && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  done = done && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  if (!done) std::abort();
  return digest;
}

}  // namespace hf::crypto
