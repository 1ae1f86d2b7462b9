// Random bytes from OpenSSL's generator (SP 800-90A, seeded by the kernel).
#pragma once

#include <array>
#include <string>

#include "base/text.h"
#include "crypto/secret.h"

namespace hf::crypto {

// Ends the process if the generator fails: nothing built on a guessable value may go on.
void fill_random(std::span<std::uint8_t> out);
[[nodiscard]] Bytes random_bytes(std::size_t size);
// Not to be guessed or shown: from the generator that is kept apart for private values.
[[nodiscard]] Secret random_secret(std::size_t size);
// `size` random bytes as text for URLs, headers and files: base64url without padding (RFC 4648 section 5).
[[nodiscard]] Secret random_token(std::size_t size = 32);

}  // namespace hf::crypto
