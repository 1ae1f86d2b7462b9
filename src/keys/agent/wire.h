// Between a tool's process and the agent, on a local socket: a frame is a length of four bytes (big endian) and that
// many bytes, the first of which says what it is; then fields, each a length of four bytes and its bytes. The module
// that speaks it is clients/pkcs11/holdfast_pkcs11.c.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace hf::keys::agent {

inline constexpr std::size_t kFrameMax = 1U << 20;
inline constexpr std::size_t kFieldsMax = 4096;

enum class Op : std::uint8_t {
  keys = 1,    // -> name, "ec" or "rsa", id, first, second of each. EC: OID of the curve in DER, 0x04 || X || Y. RSA:
               // modulus, exponent, big endian
  hash = 2,    // mechanism: begin to hash a message
  update = 3,  // a piece of it
  sign = 4,    // name, mechanism, parameter, grant, data (empty after `hash`) -> the signature, as C_Sign gives it
};
enum class Status : std::uint8_t {
  ok = 0,
  refused = 1,      // policy or approvals; the field says why
  not_found = 2,    // no such key
  unsupported = 3,  // mechanism, parameter or data
  unavailable = 4,
};

struct Frame {
  std::uint8_t kind = 0;  // Op or Status
  std::vector<Bytes> fields;
};

// Of a text, and of a number as four bytes, big endian; and a number read back.
[[nodiscard]] Bytes field_of(std::string_view text);
[[nodiscard]] Bytes field_of(std::uint32_t number);
[[nodiscard]] std::optional<std::uint32_t> number_in(ByteView field);

[[nodiscard]] Bytes encode(std::uint8_t kind, const std::vector<Bytes>& fields);  // with its length
// Of a frame without its length. Empty: a field that ends beyond the frame, or too many.
[[nodiscard]] std::optional<Frame> decode(ByteView body);

// On a descriptor, whole. False, or absent: the other side is gone, or sent more than kFrameMax or no frame.
[[nodiscard]] bool write_frame(int descriptor, std::uint8_t kind, const std::vector<Bytes>& fields);
[[nodiscard]] std::optional<Frame> read_frame(int descriptor);

}  // namespace hf::keys::agent
