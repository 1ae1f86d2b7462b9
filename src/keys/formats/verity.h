// The hash tree of dm-verity, version 1, SHA-256, blocks of 4096, without superblock (Linux
// Documentation/admin-guide/device-mapper/verity.rst): the upper levels first.
#pragma once

#include "keys/formats/support.h"

namespace hf::keys {

inline constexpr std::size_t kVerityBlock = 4096;

struct VerityTree {
  Bytes bytes{};
  Bytes root{};
};
// Of the first `size` bytes. HF-FORMAT-0004 unless they are two blocks or more, whole; HF-FORMAT-0005 over 8 GiB.
[[nodiscard]] Result<VerityTree> verity_tree(const SourceFile& file, std::uint64_t size, ByteView salt);

}  // namespace hf::keys
