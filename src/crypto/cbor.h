// CBOR (RFC 8949) in the core deterministic encoding (4.2.1), read into a tree of views: definite lengths in their
// shortest form, no floating point, no key twice. For COSE and SUIT.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace hf::crypto {

struct Cbor {
  enum class Kind { number, negative, bytes, text, array, map, tag, simple };

  Kind kind{};
  std::uint64_t value = 0;    // number; -1 - value if negative; of a tag; simple: 20 false, 21 true, 22 null
  ByteView content{};         // bytes, text
  std::vector<Cbor> items{};  // array; key, value, key, ... of a map; what the tag is on
  ByteView whole{};           // as encoded

  [[nodiscard]] bool is(Kind other) const { return kind == other; }
  [[nodiscard]] bool is_null() const { return kind == Kind::simple && value == 22; }
  [[nodiscard]] std::optional<std::int64_t> integer() const;  // if it fits
  [[nodiscard]] const Cbor* find(std::int64_t key) const;     // in a map
};

struct CborLimits {
  std::size_t bytes_max = 1U << 20;
  std::size_t items_max = 4096;
  int depth_max = 16;
};
// One item, whole. The views are of `bytes`. HF-CBOR-0001 what it is not, HF-CBOR-0002 over a limit.
[[nodiscard]] Result<Cbor> parse_cbor(ByteView bytes, const CborLimits& limits = {});

namespace cbor {
[[nodiscard]] Bytes head(Cbor::Kind kind, std::uint64_t value);
[[nodiscard]] Bytes integer(std::int64_t number);
[[nodiscard]] Bytes bytes(ByteView content);
[[nodiscard]] Bytes text(std::string_view content);
[[nodiscard]] Bytes array(const std::vector<Bytes>& items);
[[nodiscard]] Bytes null();
}  // namespace cbor

}  // namespace hf::crypto
