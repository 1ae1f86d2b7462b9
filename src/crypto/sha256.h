// SHA-256 (FIPS 180-4). The one caller of the library's digest API.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>

namespace hf::crypto {

using Sha256 = std::array<std::uint8_t, 32>;

// Digest of the parts laid end to end. Ends the process if the library has no SHA-256.
[[nodiscard]] Sha256 sha256(std::initializer_list<std::span<const std::uint8_t>> parts);

}  // namespace hf::crypto
