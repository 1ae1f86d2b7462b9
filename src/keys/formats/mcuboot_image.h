// The MCUboot image: header, payload, protected and other TLVs. Little endian. mcu-tools/mcuboot: docs/design.md "Image
// format", boot/bootutil/include/bootutil/image.h, scripts/imgtool/image.py.
#pragma once

#include <array>

#include "keys/formats/support.h"

namespace hf::keys::mcuboot {

inline constexpr std::uint32_t kMagic = 0x96f3b83d;
inline constexpr std::uint16_t kProtectedMagic = 0x6908, kTlvMagic = 0x6907;
inline constexpr std::size_t kHeaderSize = 32, kTlvHead = 4;

enum Tlv : std::uint16_t {
  kKeyHash = 0x01,
  kPublicKey = 0x02,
  kSha256 = 0x10,
  kSha384 = 0x11,
  kSha512 = 0x12,
  kRsa2048 = 0x20,
  kEcdsa = 0x22,
  kRsa3072 = 0x23,
  kEd25519 = 0x24,
  kPure = 0x25,
  kEncryptedRsa2048 = 0x30,
  kEncryptedKw = 0x31,
  kEncryptedEc256 = 0x32,
  kEncryptedX25519 = 0x33,
  kEncryptedX25519Sha512 = 0x34,
  kDependency = 0x40,
  kSecurityCounter = 0x50,
  kBootRecord = 0x60,
  kVendorId = 0x74,
  kClassId = 0x75,
};

// Of Header::flags. The digest is over the header with them and the plain payload: an image is signed with its flag,
// and encrypted afterwards (scripts/imgtool/image.py, create()).
inline constexpr std::uint32_t kEncryptedAes128 = 0x4, kEncryptedAes256 = 0x8;

struct Record {
  std::uint16_t type = 0;
  ByteView value{};
};
// Of an area with its info header. None unless the area is `bytes`, whole, under that magic.
[[nodiscard]] std::optional<std::vector<Record>> records_of(ByteView bytes, std::uint16_t magic);
void put_record(Bytes& area, std::uint16_t type, ByteView value);
[[nodiscard]] Bytes area_of(std::uint16_t magic, ByteView records);

struct Header {
  std::uint32_t load_address = 0, image_size = 0, flags = 0;
  std::uint16_t header_size = 0, protected_size = 0;
  std::uint8_t major = 0, minor = 0;
  std::uint16_t revision = 0;
  std::uint32_t build = 0;
};
// HF-FORMAT-0004 with what is wrong.
[[nodiscard]] Result<Header> header_of(ByteView bytes);
[[nodiscard]] Bytes to_bytes(const Header& header);
[[nodiscard]] std::string version_of(const Header& header);  // "1.2.3", "1.2.3+4"
// "1.2.3+4" or shorter, as imgtool takes it. False: it is none.
[[nodiscard]] bool read_version(std::string_view text, Header& header);

// What the digest covers, whether the file has it so already or it is put together from a plain binary.
struct Image {
  SourceFile source;
  Bytes header{};                  // 32 bytes
  std::uint64_t padding = 0;       // so many 0xff (imgtool's erased value) after them
  std::uint64_t at = 0, size = 0;  // of the rest of header area and the payload, in the source
  Bytes protected_area{};          // with its info header; may be empty
  Bytes tlv_area{};                // what the file has after; may be empty
  std::uint64_t tail = 0;          // where in the source the TLVs end
  [[nodiscard]] Result<void> each(const std::function<Result<void>(ByteView)>& visit) const;
  [[nodiscard]] Result<Bytes> digest(crypto::Digest digest) const;
};
[[nodiscard]] bool has_magic(ByteView bytes);
// Whether an area's TLVs have a content key: then the payload is encrypted.
[[nodiscard]] bool has_content_key(ByteView tlv_area);
// Of a file that has a header. HF-FORMAT-0004 also for one that is encrypted already.
[[nodiscard]] Result<Image> read_image(SourceFile source);
// Of a plain binary: it follows the header area of header.header_size, or (`in_place`) begins with as many zeros.
[[nodiscard]] Result<Image> wrap_image(SourceFile source, const Header& header, Bytes protected_area, bool in_place);

}  // namespace hf::keys::mcuboot
