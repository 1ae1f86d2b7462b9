#include "keys/formats/tar.h"

#include <algorithm>
#include <charconv>

namespace hf::keys {
namespace {

constexpr std::size_t kBlock = 512, kMembersMax = 256;
constexpr std::size_t kMode = 100, kSize = 124, kTime = 136, kSum = 148, kType = 156, kMagic = 257, kPrefix = 345;

// Octal digits, then NUL or blank.
std::optional<std::uint64_t> octal(ByteView block, std::size_t at, std::size_t size) {
  auto text = text_of(block.subspan(at, size));
  const auto digits = std::min(text.find_first_of(std::string_view("\0 ", 2)), text.size());
  if (text.find_first_not_of(std::string_view("\0 ", 2), digits) != std::string_view::npos) return std::nullopt;
  text = text.substr(0, digits);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::uint64_t sum_of(ByteView block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) sum += i >= kSum && i < kType ? std::uint8_t{' '} : block[i];
  return sum;
}

std::string_view text_at(ByteView block, std::size_t at, std::size_t size) {
  const auto text = text_of(block.subspan(at, size));
  return text.substr(0, text.find('\0'));
}

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}
Result<void> all_zero(const SourceFile& file, std::uint64_t at, std::uint64_t end) {
  return file.each(at, end - at, [](ByteView piece) -> Result<void> {
    if (!is_zero(piece)) return malformed("bytes of its tar archive that should be zero");
    return {};
  });
}

bool is_name(std::string_view name) {
  return !name.empty() && name.front() != '/' && name.find("..") == std::string_view::npos &&
         std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f && c != '\\'; });
}

}  // namespace

Result<std::vector<TarMember>> read_tar(const SourceFile& file) {
  std::vector<TarMember> members;
  for (std::uint64_t at = 0;;) {
    if (file.size() - at < kBlock) return malformed("its tar archive ends without its end");
    HF_TRY(const auto block, file.read(at, kBlock));
    if (is_zero(block)) {
      HF_CHECK(all_zero(file, at, file.size()));
      return members;
    }
    if (octal(block, kSum, 8) != sum_of(block)) return malformed("a tar header's checksum");
    if (!text_of(ByteView(block).subspan(kMagic)).starts_with("ustar"))
      return malformed("a tar header that is not ustar");
    if (block[kType] != '0' && block[kType] != 0) return malformed("its tar archive holds more than regular files");
    const auto size = octal(block, kSize, 12);
    const auto prefix = text_at(block, kPrefix, 155);
    TarMember member{.name = (prefix.empty() ? "" : std::string(prefix) + "/") + std::string(text_at(block, 0, kMode)),
                     .at = at + kBlock,
                     .begin = at};
    if (!size || *size > file.size() - member.at) return malformed("a tar member is past the end");
    member.size = *size;
    member.end = member.at + (member.size + kBlock - 1) / kBlock * kBlock;
    if (member.end > file.size()) return malformed("a tar member is past the end");
    HF_CHECK(all_zero(file, member.at + member.size, member.end));
    if (!is_name(member.name)) return malformed("a tar member's name");
    if (std::ranges::find(members, member.name, &TarMember::name) != members.end())
      return malformed("two members are named '" + member.name + "'");
    if (members.size() == kMembersMax) return over_limit("the members of the tar archive");
    at = member.end;
    members.push_back(std::move(member));
  }
}

Bytes tar_member(std::string_view name, ByteView data) {
  Bytes out(kBlock);
  const auto put_text = [&](std::size_t at, std::string_view text) { std::ranges::copy(text, out.begin() + long(at)); };
  const auto digits = [](std::uint64_t value, std::size_t count) {
    std::string text(count, '0');
    for (; value != 0 && count > 0; value >>= 3) text[--count] = char('0' + (value & 7));
    return text;
  };
  put_text(0, name.substr(0, kMode));
  put_text(kMode, "0000644");
  put_text(kMode + 8, "0000000");
  put_text(kMode + 16, "0000000");
  put_text(kSize, digits(data.size(), 11));
  put_text(kTime, "00000000000");
  out[kType] = '0';
  put_text(kMagic, std::string_view("ustar\00000", 8));
  put_text(kSum, digits(sum_of(out), 6) + std::string("\0 ", 2));
  put(out, data);
  out.resize((out.size() + kBlock - 1) / kBlock * kBlock);
  return out;
}

}  // namespace hf::keys
