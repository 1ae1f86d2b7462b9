#include "keys/formats/mcuboot_image.h"

#include <algorithm>
#include <charconv>

namespace hf::keys::mcuboot {
namespace {

constexpr std::size_t kAreaMax = 0xffff;  // it_tlv_tot is 16 bits

}  // namespace

std::optional<std::vector<Record>> records_of(ByteView bytes, std::uint16_t magic) {
  if (bytes.size() < kTlvHead || le16(bytes, 0) != magic || le16(bytes, 2) != bytes.size()) return std::nullopt;
  std::vector<Record> records;
  for (bytes = bytes.subspan(kTlvHead); !bytes.empty();) {
    if (bytes.size() < kTlvHead) return std::nullopt;
    const auto type = le16(bytes, 0), size = le16(bytes, 2);
    bytes = bytes.subspan(kTlvHead);
    if (size > bytes.size()) return std::nullopt;
    records.push_back({type, bytes.first(size)});
    bytes = bytes.subspan(size);
  }
  return records;
}

void put_record(Bytes& area, std::uint16_t type, ByteView value) {
  put_le16(area, type);
  put_le16(area, std::uint16_t(value.size()));
  put(area, value);
}

Bytes area_of(std::uint16_t magic, ByteView records) {
  Bytes area;
  area.reserve(kTlvHead + records.size());
  put_le16(area, magic);
  put_le16(area, std::uint16_t(records.size() + kTlvHead));
  put(area, records);
  return area;
}

bool has_magic(ByteView bytes) { return bytes.size() >= kHeaderSize && le32(bytes, 0) == kMagic; }

Result<Header> header_of(ByteView bytes) {
  if (!has_magic(bytes)) return malformed("it does not begin with an MCUboot header");
  Header header{.load_address = le32(bytes, 4),
                .image_size = le32(bytes, 12),
                .flags = le32(bytes, 16),
                .header_size = le16(bytes, 8),
                .protected_size = le16(bytes, 10),
                .major = bytes[20],
                .minor = bytes[21],
                .revision = le16(bytes, 22),
                .build = le32(bytes, 24)};
  if (header.header_size < kHeaderSize) return malformed("ih_hdr_size is below 32");
  if (header.protected_size != 0 && header.protected_size < kTlvHead)
    return malformed("ih_protect_tlv_size is too small for an area");
  if (le32(bytes, 28) != 0) return malformed("the header's padding is not zero");
  constexpr auto kBoth = kEncryptedAes128 | kEncryptedAes256;
  if ((header.flags & kBoth) == kBoth) return malformed("its header says AES-128 and AES-256 at once");
  return header;
}

Bytes to_bytes(const Header& header) {
  Bytes out;
  put_le32(out, kMagic);
  put_le32(out, header.load_address);
  put_le16(out, header.header_size);
  put_le16(out, header.protected_size);
  put_le32(out, header.image_size);
  put_le32(out, header.flags);
  out.push_back(header.major);
  out.push_back(header.minor);
  put_le16(out, header.revision);
  put_le32(out, header.build);
  put_le32(out, 0);
  return out;
}

std::string version_of(const Header& header) {
  auto text = std::to_string(header.major) + "." + std::to_string(header.minor) + "." + std::to_string(header.revision);
  if (header.build != 0) text += "+" + std::to_string(header.build);
  return text;
}

bool read_version(std::string_view text, Header& header) {
  const auto plus = text.find('+');
  const auto number = [](std::string_view digits, auto& out) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  if (plus != std::string_view::npos && !number(text.substr(plus + 1), header.build)) return false;
  const auto parts = split(text.substr(0, plus), '.');
  return parts.size() <= 3 && number(parts[0], header.major) && (parts.size() < 2 || number(parts[1], header.minor)) &&
         (parts.size() < 3 || number(parts[2], header.revision));
}

Result<void> Image::each(const std::function<Result<void>(ByteView)>& visit) const {
  HF_CHECK(visit(header));
  if (padding > 0) HF_CHECK(visit(Bytes(std::size_t(padding), 0xff)));
  HF_CHECK(source.each(at, size, visit));
  if (!protected_area.empty()) HF_CHECK(visit(protected_area));
  return {};
}

Result<Bytes> Image::digest(crypto::Digest digest) const {
  crypto::DigestStream stream(digest);
  HF_CHECK(each([&](ByteView piece) -> Result<void> {
    stream.update(piece);
    return {};
  }));
  return stream.finish();
}

bool has_content_key(ByteView tlv_area) {
  const auto records = tlv_area.empty() ? std::nullopt : records_of(tlv_area, kTlvMagic);
  return records && std::ranges::any_of(*records, [](const Record& record) {
           return record.type >= kEncryptedRsa2048 && record.type <= kEncryptedX25519Sha512;
         });
}

Result<Image> read_image(SourceFile source) {
  if (source.size() < kHeaderSize) return malformed("it ends within an MCUboot header");
  HF_TRY(auto bytes, source.read(0, kHeaderSize));
  HF_TRY(const auto header, header_of(bytes));
  const auto end = std::uint64_t(header.header_size) + header.image_size;
  if (end + header.protected_size > source.size()) return malformed("ih_img_size is past the end");
  Image image{.source = std::move(source), .header = std::move(bytes), .at = kHeaderSize, .size = end - kHeaderSize};
  const auto& file = image.source;
  HF_TRY(image.protected_area, file.read(end, header.protected_size));
  if (header.protected_size != 0 && !records_of(image.protected_area, kProtectedMagic))
    return malformed("its protected TLV area");
  image.tail = end + header.protected_size;
  if (file.size() - image.tail < kTlvHead) return image;
  HF_TRY(const auto info, file.read(image.tail, kTlvHead));
  // A boot loader that takes the area's word, and not the header's, would read what no digest covers.
  if (le16(info, 0) == kProtectedMagic) return malformed("a protected TLV area that ih_protect_tlv_size does not name");
  if (le16(info, 0) != kTlvMagic) return image;
  const std::size_t size = le16(info, 2);
  if (size > file.size() - image.tail) return malformed("its TLV area is past the end");
  HF_TRY(image.tlv_area, file.read(image.tail, size));
  if (!records_of(image.tlv_area, kTlvMagic)) return malformed("its TLV area");
  // The digest is of what the device decrypts: who holds only this file cannot say what would be signed.
  if (has_content_key(image.tlv_area)) return malformed("it is encrypted: sign it first");
  image.tail += size;
  return image;
}

Result<Image> wrap_image(SourceFile source, const Header& header, Bytes protected_area, bool in_place) {
  if (header.header_size < kHeaderSize) return bad_option("header-size", "at least 32 is expected");
  if (protected_area.size() > kAreaMax) return over_limit("the protected TLVs");
  const auto size = source.size();
  if (in_place && size < header.header_size) return malformed("it is smaller than the header");
  if (size > UINT32_MAX) return over_limit("an MCUboot image has at most 2^32 - 1 bytes");
  if (in_place) {
    HF_TRY(const auto zeros, source.read(0, header.header_size));
    if (std::ranges::any_of(zeros, [](std::uint8_t byte) { return byte != 0; }))
      return bad_option("pad-header", "the binary does not begin with room for the header: give pad-header=true");
  }
  const auto skipped = in_place ? std::uint64_t(header.header_size) : 0;
  auto full = header;
  full.image_size = std::uint32_t(size - skipped);
  full.protected_size = std::uint16_t(protected_area.size());
  return Image{.source = std::move(source),
               .header = to_bytes(full),
               .padding = in_place ? 0 : header.header_size - kHeaderSize,
               .at = in_place ? kHeaderSize : 0,
               .size = in_place ? size - kHeaderSize : size,
               .protected_area = std::move(protected_area),
               .tail = size};
}

}  // namespace hf::keys::mcuboot
