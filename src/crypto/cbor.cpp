#include "crypto/cbor.h"

#include <algorithm>

namespace hf::crypto {
namespace {

auto malformed(std::string_view what) {
  return fail(ErrorKind::invalid, "HF-CBOR-0001", "not CBOR in its deterministic encoding: " + std::string(what));
}
auto over_limit(std::string_view what) {
  return fail(ErrorKind::limit, "HF-CBOR-0002", "over a limit of CBOR: " + std::string(what));
}

class Parser {
 public:
  Parser(ByteView bytes, const CborLimits& limits) : bytes_(bytes), limits_(limits) {}

  Result<Cbor> item(int depth) {
    if (depth > limits_.depth_max) return over_limit("the depth");
    if (++count_ > limits_.items_max) return over_limit("the number of items");
    const auto begin = at_;
    if (at_ == bytes_.size()) return malformed("it ends within an item");
    const auto first = bytes_[at_++];
    Cbor out{.kind = Cbor::Kind(first >> 5)};
    if (!length(first & 0x1f, out.value))
      return malformed("a length that is not in its shortest form, or past the end");
    switch (out.kind) {
      case Cbor::Kind::number:
      case Cbor::Kind::negative: break;
      case Cbor::Kind::bytes:
      case Cbor::Kind::text:
        if (out.value > bytes_.size() - at_) return malformed("a string is past the end");
        out.content = bytes_.subspan(at_, std::size_t(out.value));
        at_ += out.content.size();
        if (out.is(Cbor::Kind::text) && !is_utf8(text_of(out.content))) return malformed("a text that is not UTF-8");
        break;
      case Cbor::Kind::array:
      case Cbor::Kind::map:
      case Cbor::Kind::tag: {
        const std::uint64_t each = out.is(Cbor::Kind::map) ? 2 : 1;
        const auto count = out.is(Cbor::Kind::tag) ? 1 : out.value;
        if (count > limits_.items_max) return over_limit("the number of items");
        for (std::uint64_t i = 0; i < count * each; ++i) {
          HF_TRY(auto next, item(depth + 1));
          out.items.push_back(std::move(next));
        }
        if (out.is(Cbor::Kind::map) && !are_ordered(out)) return malformed("keys out of order, or one of them twice");
        break;
      }
      case Cbor::Kind::simple:
        // false, true and null; the rest are floats, which shortest form makes a matter of taste.
        if (first < 0xf4 || first > 0xf6) return malformed("a simple value or float that is not taken");
        break;
    }
    out.whole = bytes_.subspan(begin, at_ - begin);
    return out;
  }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

 private:
  static bool are_ordered(const Cbor& map) {
    for (std::size_t i = 2; i < map.items.size(); i += 2)
      if (!std::ranges::lexicographical_compare(map.items[i - 2].whole, map.items[i].whole)) return false;
    return true;
  }

  bool length(int info, std::uint64_t& value) {
    constexpr int kDirect = 24, kLast = 27;
    value = std::uint64_t(info);
    if (info < kDirect) return true;
    if (info > kLast) return false;
    const std::size_t size = std::size_t{1} << (info - kDirect);
    if (size > bytes_.size() - at_) return false;
    value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes_[at_ + i];
    at_ += size;
    const auto smaller = size == 1 ? std::uint64_t(kDirect) : std::uint64_t{1} << (4 * size);
    return value >= smaller;
  }

  ByteView bytes_;
  const CborLimits& limits_;
  std::size_t at_ = 0, count_ = 0;
};

}  // namespace

std::optional<std::int64_t> Cbor::integer() const {
  if ((kind != Kind::number && kind != Kind::negative) || value > std::uint64_t(INT64_MAX)) return std::nullopt;
  return kind == Kind::number ? std::int64_t(value) : -1 - std::int64_t(value);
}

const Cbor* Cbor::find(std::int64_t key) const {
  if (kind != Kind::map) return nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2)
    if (items[i].integer() == key) return &items[i + 1];
  return nullptr;
}

Result<Cbor> parse_cbor(ByteView bytes, const CborLimits& limits) {
  if (bytes.size() > limits.bytes_max) return over_limit("the size");
  Parser parser(bytes, limits);
  HF_TRY(auto out, parser.item(0));
  if (!parser.at_end()) return malformed("there are bytes after it");
  return out;
}

namespace cbor {

Bytes head(Cbor::Kind kind, std::uint64_t value) {
  const auto major = std::uint8_t(int(kind) << 5);
  if (value < 24) return {std::uint8_t(major | value)};
  int info = 24;
  while (info < 27 && value >> (8 << (info - 24)) != 0) ++info;
  Bytes out{std::uint8_t(major | info)};
  for (int shift = (8 << (info - 24)) - 8; shift >= 0; shift -= 8) out.push_back(std::uint8_t(value >> shift));
  return out;
}
Bytes integer(std::int64_t number) {
  return number >= 0 ? head(Cbor::Kind::number, std::uint64_t(number))
                     : head(Cbor::Kind::negative, std::uint64_t(-1 - number));
}
Bytes bytes(ByteView content) {
  auto out = head(Cbor::Kind::bytes, content.size());
  out.insert(out.end(), content.begin(), content.end());
  return out;
}
Bytes text(std::string_view content) {
  auto out = head(Cbor::Kind::text, content.size());
  out.insert(out.end(), content.begin(), content.end());
  return out;
}
Bytes array(const std::vector<Bytes>& items) {
  auto out = head(Cbor::Kind::array, items.size());
  for (const auto& item : items) out.insert(out.end(), item.begin(), item.end());
  return out;
}
Bytes null() { return {0xf6}; }

}  // namespace cbor

}  // namespace hf::crypto
