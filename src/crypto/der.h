// DER (X.690): what CMS and key formats are written in, and a strict reader. No recursion, no copies, nothing thrown.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/text.h"

namespace hf::crypto {

namespace der {
inline constexpr std::uint8_t kBoolean = 0x01, kInteger = 0x02, kBitString = 0x03, kOctetString = 0x04, kNull = 0x05,
                              kOid = 0x06, kUtf8String = 0x0c, kSequence = 0x30, kSet = 0x31, kUtcTime = 0x17,
                              kGeneralizedTime = 0x18;
// [n] of the context class, constructed or (IMPLICIT of a primitive type) primitive.
[[nodiscard]] constexpr std::uint8_t context(int number) { return std::uint8_t(0xa0 | number); }
[[nodiscard]] constexpr std::uint8_t context_primitive(int number) { return std::uint8_t(0x80 | number); }

// Tag, length and the parts end to end.
[[nodiscard]] Bytes value(std::uint8_t tag, std::initializer_list<ByteView> parts);
[[nodiscard]] Bytes value(std::uint8_t tag, const std::vector<Bytes>& parts);
[[nodiscard]] Bytes set_of(std::vector<Bytes> parts);  // in DER's order (X.690 11.6)
[[nodiscard]] Bytes oid(std::string_view dotted);      // "1.2.840.113549.1.7.2"; ends the process if it is none
[[nodiscard]] Bytes integer(ByteView big_endian);      // not negative
[[nodiscard]] Bytes integer(std::uint64_t number);
[[nodiscard]] Bytes null();
// UTCTime until 2049, then GeneralizedTime (RFC 5280 4.1.2.5); whole seconds.
[[nodiscard]] Bytes time(Time time);
}  // namespace der

struct DerValue {
  std::uint8_t tag = 0;
  ByteView content{};
  ByteView whole{};  // with tag and length
};

// Values that stand end to end: those within a SEQUENCE, say.
class DerReader {
 public:
  explicit DerReader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  // None at the end, and for what is not DER: an indefinite or longer than needed length, a tag of more than one byte,
  // a value past the end.
  [[nodiscard]] std::optional<DerValue> next();
  [[nodiscard]] std::optional<DerValue> next(std::uint8_t tag);  // and none of another tag, which stays the next
  [[nodiscard]] std::optional<std::uint8_t> peek() const;

 private:
  ByteView rest_;
};

}  // namespace hf::crypto
