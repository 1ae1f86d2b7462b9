// The debug certificate of Espressif's Secure Debug Controller (SDC): 468 bytes, for one session of one device.
//
//   header (20, little endian)  magic "CAMR" | version 1 | 0 | size of the configuration | size of header and body |
//                               0 (2) | CRC-32 of the body | 0 (4)
//   body (416, big endian)      configuration (256) | public key X || Y | r | s | SHA-256 of the body before it
//   nonce (32)
//
// Signed is the configuration with the chip info, which is not in the certificate: SHA-256(SHA-256(MAC reversed) |
// nonce | session counter << 4). The device gives it with the nonce, in 64 bytes.
//
// Layout: esptool, espsecure/esp_sdc (2026). Espressif publishes no certificate to compare with; esp_sdc_test.cpp reads
// ours with another implementation of the same description.
#pragma once

#include "keys/formats/debug_tlv.h"

namespace hf::keys::sdc {

// Bits of the configuration's first word: JTAG, reuse of download mode, forced SPI boot.
inline constexpr std::uint32_t kJtag = 1U << 0, kDownloadReuse = 1U << 1, kForceSpiBoot = 1U << 2;

struct NewCertificate {
  std::uint32_t configuration = 0;
  Bytes chip_info{};         // 64 bytes: digest and nonce, as the device gives them
  Bytes mac{};               // 6 bytes, in the order that is printed
  std::uint8_t session = 0;  // the device's counter: 0, 1, 3 or 7
};
// For `debug prepare`. HF-FORMAT-0004 if the chip info is not of this device and session.
[[nodiscard]] Result<Bytes> certificate_request(const NewCertificate& wanted);

}  // namespace hf::keys::sdc
