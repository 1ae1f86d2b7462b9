// Text encodings: hex (lower case out, either case in), base64 (RFC 4648 section 4), UTF-8 validity.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hf {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

[[nodiscard]] inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] std::string to_hex(ByteView bytes);
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);
[[nodiscard]] std::string to_base64(ByteView bytes);
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);  // padding required, no white space
[[nodiscard]] bool is_utf8(std::string_view text);                      // RFC 3629: no surrogates, no overlongs

[[nodiscard]] std::string to_lower(std::string_view text);                                 // ASCII letters only
[[nodiscard]] std::string_view trim(std::string_view text);                                // ASCII white space
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);  // keeps empty parts

}  // namespace hf
