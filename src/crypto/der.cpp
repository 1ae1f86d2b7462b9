#include "crypto/der.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "crypto/byte_order.h"

namespace hf::crypto {
namespace der {
namespace {

void put_head(Bytes& out, std::uint8_t tag, std::size_t size) {
  out.push_back(tag);
  if (size < 0x80) return out.push_back(std::uint8_t(size));
  int bytes = 1;
  while (bytes < 8 && (size >> (8 * bytes)) != 0) ++bytes;
  out.push_back(std::uint8_t(0x80 | bytes));
  for (int i = bytes - 1; i >= 0; --i) out.push_back(std::uint8_t(size >> (8 * i)));
}

void put_base128(Bytes& out, std::uint64_t number) {
  int groups = 1;
  while ((number >> (7 * groups)) != 0) ++groups;
  for (int i = groups - 1; i >= 0; --i) out.push_back(std::uint8_t((number >> (7 * i) & 0x7f) | (i > 0 ? 0x80 : 0)));
}

}  // namespace

Bytes value(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  Bytes out;
  out.reserve(size + 10);
  put_head(out, tag, size);
  for (const auto part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes value(std::uint8_t tag, const std::vector<Bytes>& parts) {
  Bytes content;
  for (const auto& part : parts) content.insert(content.end(), part.begin(), part.end());
  return value(tag, {content});
}

Bytes set_of(std::vector<Bytes> parts) {
  std::ranges::sort(parts, ByteOrder());
  return value(kSet, parts);
}

Bytes oid(std::string_view dotted) {
  Bytes content;
  std::uint64_t first = 0;
  std::size_t index = 0;
  for (const auto part : split(dotted, '.')) {
    std::uint64_t number = 0;
    if (std::from_chars(part.data(), part.data() + part.size(), number).ec != std::errc()) std::abort();
    if (index == 0) first = number;
    else put_base128(content, index == 1 ? first * 40 + number : number);
    ++index;
  }
  return value(kOid, {content});
}

Bytes integer(ByteView number) {
  while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
  static constexpr std::uint8_t kZero[]{0};
  if (number.empty()) return value(kInteger, {kZero});
  if ((number[0] & 0x80) != 0) return value(kInteger, {kZero, number});
  return value(kInteger, {number});
}

Bytes integer(std::uint64_t number) {
  Bytes bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(std::uint8_t(number >> shift));
  return integer(ByteView(bytes));
}

Bytes null() { return value(kNull, std::initializer_list<ByteView>{}); }

Bytes time(Time time) {
  const auto rfc = format_rfc3339(std::chrono::floor<std::chrono::seconds>(time));  // 2026-05-28T20:26:40Z
  std::string digits;
  for (const char c : rfc)
    if (c >= '0' && c <= '9') digits += c;
  digits += 'Z';
  const bool utc = digits < "2050" && digits >= "1950";
  return value(utc ? kUtcTime : kGeneralizedTime, {bytes_of(std::string_view(digits).substr(utc ? 2 : 0))});
}

}  // namespace der

std::optional<std::uint8_t> DerReader::peek() const {
  if (rest_.empty()) return std::nullopt;
  return rest_[0];
}

std::optional<DerValue> DerReader::next() {
  constexpr std::uint8_t kLongTag = 0x1f;
  if (rest_.size() < 2 || (rest_[0] & kLongTag) == kLongTag) return std::nullopt;
  std::size_t head = 2, size = rest_[1];
  if (size >= 0x80) {
    const std::size_t count = size & 0x7f;
    if (count == 0 || count > 4 || rest_.size() < 2 + count || rest_[2] == 0) return std::nullopt;
    size = 0;
    for (std::size_t i = 0; i < count; ++i) size = size << 8 | rest_[2 + i];
    if (size < 0x80) return std::nullopt;
    head += count;
  }
  if (size > rest_.size() - head) return std::nullopt;
  const DerValue found{rest_[0], rest_.subspan(head, size), rest_.first(head + size)};
  rest_ = rest_.subspan(head + size);
  return found;
}

std::optional<DerValue> DerReader::next(std::uint8_t tag) { return peek() == tag ? next() : std::nullopt; }

}  // namespace hf::crypto
