// The cpio archive of SWUpdate: "new ASCII" 070701, and 070702 with the sum of each member's bytes (cpio(5); swupdate
// core/cpio_utils.c).
#pragma once

#include "keys/formats/support.h"

namespace hf::keys {

struct CpioMember {
  std::string name{};
  std::uint64_t at = 0, size = 0;    // of its data
  std::uint64_t begin = 0, end = 0;  // with header and padding
};
struct Cpio {
  std::string magic{};
  std::vector<CpioMember> members{};  // without the trailer
  std::uint64_t trailer = 0;          // where it begins
};
// Every member with its sum checked. HF-FORMAT-0004: other than ASCII names without '/', a name twice, padding or an
// end that is not zero, more than 256 members.
[[nodiscard]] Result<Cpio> read_cpio(const SourceFile& file);
[[nodiscard]] bool has_cpio_magic(ByteView bytes);
// A member whole, with padding: a regular file of mode 0644 without owner and time, so that the same input gives the
// same file.
[[nodiscard]] Bytes cpio_member(std::string_view magic, std::string_view name, ByteView data);
// The same up to its data, which the caller writes and pads to four bytes; `sum` of its bytes, 0 under 070701.
[[nodiscard]] Bytes cpio_head(std::string_view magic, std::string_view name, std::uint32_t size, std::uint32_t sum);

}  // namespace hf::keys
