#include "crypto/random.h"

#include <openssl/rand.h>
#include <cstdlib>

namespace hf::crypto {

void fill_random(std::span<std::uint8_t> out) {
  if (RAND_bytes_ex(nullptr, out.data(), out.size(), 0) != 1) std::abort();
}

Bytes random_bytes(std::size_t size) {
  Bytes bytes(size);
  fill_random(bytes);
  return bytes;
}

Secret random_secret(std::size_t size) {
  Secret secret(size);
  if (size > 0 && RAND_priv_bytes_ex(nullptr, secret.data(), size, 0) != 1) std::abort();
  return secret;
}

Secret random_token(std::size_t size) {
  const auto bytes = random_secret(size);
  auto text = to_base64(bytes.bytes());
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  Secret token(bytes_of(std::string_view(text).substr(0, text.find('='))));
  cleanse(text);
  return token;
}

}  // namespace hf::crypto
