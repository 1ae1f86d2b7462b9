// The type-length-value sequences of Arm's Authenticated Debug Access Control (DEN0101, psa_tlv_t), little endian: 16
// bits of zero, the type, the length of the value in 32 bits, the value, zeros up to the next word. `debug prepare`
// writes a sequence of them too, whatever the device speaks, so that one bounded reader does for all requests.
#pragma once

#include <vector>

#include "keys/formats/support.h"

namespace hf::keys {

enum class TlvType : std::uint16_t {
  soc_class = 0x0003,      // 4 bytes
  soc_id = 0x0004,         // 16 bytes
  lifecycle = 0x0008,      // 2 bytes
  token = 0x0200,          // adac.h
  certificate = 0x0201,    // adac.h
  challenge = 0xff01,      // from here on our own, in requests only: 32 bytes
  nxp_challenge = 0xff02,  // nxp_dat.h
  nxp_credential = 0xff03,
  nxp_beacon = 0xff04,         // 4 bytes
  sdc_configuration = 0xff05,  // esp_sdc.h: 4 bytes
  sdc_chip_info = 0xff06,      // 64 bytes
  sdc_mac = 0xff07,            // 6 bytes
  sdc_session = 0xff08,        // 1 byte
};

struct Tlv {
  TlvType type{};
  ByteView value{}, whole{};  // whole: with header and padding
};

inline constexpr std::size_t kDebugFileMax = 64U << 10;  // bytes of a request, chain or response

// Views into `bytes`. HF-FORMAT-0004 for a length past the end, a reserved field or padding that is not zero,
// HF-FORMAT-0005 for more than `count_max`.
[[nodiscard]] Result<std::vector<Tlv>> read_tlvs(ByteView bytes, std::size_t count_max);
void put_tlv(Bytes& out, TlvType type, ByteView value);
// The first, if it has that type and its value that size. HF-FORMAT-0004, with `what` it would be.
[[nodiscard]] Result<ByteView> take_tlv(std::span<const Tlv>& tlvs, TlvType type, std::string_view what,
                                        std::optional<std::size_t> size = {});
// Whether a file's head begins with a TLV of this type.
[[nodiscard]] bool begins_with(ByteView head, TlvType type);

// Evidence of a debug format is the whole request: {"format", "request"}.
[[nodiscard]] Result<Bytes> debug_evidence(const Format& format, const std::filesystem::path& artifact);
[[nodiscard]] Result<Bytes> debug_request_of(std::string_view format, ByteView evidence);

[[nodiscard]] inline bool all_zero(ByteView bytes) {
  for (const auto byte : bytes)
    if (byte != 0) return false;
  return true;
}

}  // namespace hf::keys
