// Comparison whose time does not depend on the content.
#pragma once

#include <openssl/crypto.h>

#include "base/text.h"

namespace hf::crypto {

// For tokens, MACs and password hashes. A difference in length does show.
[[nodiscard]] inline bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace hf::crypto
