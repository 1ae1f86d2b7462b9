#include "crypto/secret.h"

#include <openssl/crypto.h>
#include <algorithm>
#include <cstdlib>

namespace hf::crypto {
namespace {

constexpr std::size_t kLockedHeap = 64U << 10;  // RLIMIT_MEMLOCK is 8 MiB on Debian 12
constexpr std::size_t kSmallest = 16;

std::uint8_t* allocate(std::size_t size) {
  static const bool locked =
      CRYPTO_secure_malloc_initialized() != 0 || CRYPTO_secure_malloc_init(kLockedHeap, kSmallest) != 0;
  // A full locked heap must not turn a burst of log-ins into an outage: plain memory then, wiped all the same.
  void* data = locked ? OPENSSL_secure_zalloc(size) : nullptr;
  if (!data) data = OPENSSL_zalloc(size);
  if (!data) std::abort();
  return static_cast<std::uint8_t*>(data);
}

}  // namespace

Secret::Secret(std::size_t size) : data_(size > 0 ? allocate(size) : nullptr), size_(size) {}

Secret::Secret(ByteView bytes) : Secret(bytes.size()) { std::ranges::copy(bytes, data_); }

void Secret::wipe() {
  if (data_) OPENSSL_secure_clear_free(data_, size_);
  data_ = nullptr, size_ = 0;
}

void cleanse(std::span<std::uint8_t> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

void cleanse(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace hf::crypto
