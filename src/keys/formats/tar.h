// The outer tar of containers that carry files end to end (POSIX.1-2001 ustar): regular files alone, so that where each
// begins is known without unpacking it. Compressed archives within are read by the archive domain.
#pragma once

#include "keys/formats/support.h"

namespace hf::keys {

struct TarMember {
  std::string name{};
  std::uint64_t at = 0, size = 0;    // of its data
  std::uint64_t begin = 0, end = 0;  // with header and padding
};
// HF-FORMAT-0004: a checksum, a name that is not plain ASCII or stands twice, what is no regular file, padding or an
// end that is not zero; more than 256 members.
[[nodiscard]] Result<std::vector<TarMember>> read_tar(const SourceFile& file);
// Whole, with padding: mode 0644, without owner and time, so that the same input gives the same file.
[[nodiscard]] Bytes tar_member(std::string_view name, ByteView data);

}  // namespace hf::keys
