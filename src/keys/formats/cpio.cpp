#include "keys/formats/cpio.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace hf::keys {
namespace {

constexpr std::size_t kHead = 110, kNameMax = 256, kMembersMax = 256;
constexpr std::string_view kTrailer = "TRAILER!!!";

std::uint64_t aligned(std::uint64_t at) { return (at + 3) / 4 * 4; }

// Of the 13 fields of eight hexadecimal digits after the magic: 6 is the size, 11 the name's, 12 the sum.
std::optional<std::uint32_t> field(ByteView head, std::size_t index) {
  constexpr std::size_t kMagic = 6, kDigits = 8;
  const auto text = text_of(head.subspan(kMagic + index * kDigits, kDigits));
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<void> all_zero(const SourceFile& file, std::uint64_t at, std::uint64_t end) {
  return file.each(at, end - at, [](ByteView piece) -> Result<void> {
    if (std::ranges::any_of(piece, [](std::uint8_t byte) { return byte != 0; }))
      return malformed("bytes of its cpio archive that should be zero");
    return {};
  });
}

}  // namespace

bool has_cpio_magic(ByteView bytes) {
  const auto text = text_of(bytes);
  return text.starts_with("070701") || text.starts_with("070702");
}

Result<Cpio> read_cpio(const SourceFile& file) {
  Cpio cpio;
  for (std::uint64_t at = 0;;) {
    if (file.size() - at < kHead) return malformed("its cpio archive ends without its trailer");
    HF_TRY(const auto head, file.read(at, kHead));
    if (!has_cpio_magic(head)) return malformed("a cpio header that is not 070701 or 070702");
    if (cpio.magic.empty()) cpio.magic = text_of(head).substr(0, 6);
    if (text_of(head).substr(0, 6) != cpio.magic) return malformed("cpio headers of two kinds");
    const auto size = field(head, 6), name_size = field(head, 11), sum = field(head, 12);
    for (std::size_t i = 0; i < 13; ++i)
      if (!field(head, i)) return malformed("a cpio header field that is not hexadecimal");
    if (*name_size < 2 || *name_size > kNameMax) return malformed("a cpio member's name");
    CpioMember member{.size = *size, .begin = at};
    member.at = aligned(at + kHead + *name_size);
    member.end = aligned(member.at + member.size);
    if (member.end > file.size()) return malformed("a cpio member is past the end");
    HF_TRY(const auto name, file.read(at + kHead, *name_size));
    member.name = text_of(name).substr(0, name.size() - 1);
    if (name.back() != 0 || !std::ranges::all_of(member.name, [](char c) { return c > 0x20 && c < 0x7f && c != '/'; }))
      return malformed("a cpio member's name");
    HF_CHECK(all_zero(file, at + kHead + *name_size, member.at));
    HF_CHECK(all_zero(file, member.at + member.size, member.end));
    if (member.name == kTrailer) {
      if (member.size != 0) return malformed("its cpio trailer");
      cpio.trailer = at;
      HF_CHECK(all_zero(file, member.end, file.size()));
      return cpio;
    }
    if (std::ranges::find(cpio.members, member.name, &CpioMember::name) != cpio.members.end())
      return malformed("two members are named '" + member.name + "'");
    if (cpio.members.size() == kMembersMax) return over_limit("the members of the cpio archive");
    if (cpio.magic == "070702") {
      std::uint32_t found = 0;
      HF_CHECK(file.each(member.at, member.size, [&](ByteView piece) -> Result<void> {
        found = std::accumulate(piece.begin(), piece.end(), found);
        return {};
      }));
      if (found != *sum) return malformed("the sum of the cpio member '" + member.name + "' is not of its bytes");
    }
    at = member.end;
    cpio.members.push_back(std::move(member));
  }
}

Bytes cpio_head(std::string_view magic, std::string_view name, std::uint32_t size, std::uint32_t sum) {
  Bytes out(magic.begin(), magic.end());
  constexpr std::uint32_t kMode = 0100644;
  for (const std::uint32_t value :
       {0U, kMode, 0U, 0U, 1U, 0U, size, 0U, 0U, 0U, 0U, std::uint32_t(name.size() + 1), sum}) {
    Bytes bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(std::uint8_t(value >> shift));
    put(out, bytes_of(to_hex(bytes)));
  }
  put(out, bytes_of(name));
  out.push_back(0);
  out.resize(aligned(out.size()));
  return out;
}

Bytes cpio_member(std::string_view magic, std::string_view name, ByteView data) {
  auto out = cpio_head(magic, name, std::uint32_t(data.size()),
                       magic == "070702" ? std::accumulate(data.begin(), data.end(), 0U) : 0);
  put(out, data);
  out.resize(aligned(out.size()));
  return out;
}

}  // namespace hf::keys
