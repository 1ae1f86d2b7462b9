#include "keys/formats/verity.h"

namespace hf::keys {
namespace {

void put_digests(Bytes& level, ByteView blocks, ByteView salt) {
  for (; !blocks.empty(); blocks = blocks.subspan(kVerityBlock)) {
    const auto digest = crypto::sha256({salt, blocks.first(kVerityBlock)});
    put(level, digest);
  }
}
void fill_block(Bytes& level) { level.resize((level.size() + kVerityBlock - 1) / kVerityBlock * kVerityBlock); }

}  // namespace

Result<VerityTree> verity_tree(const SourceFile& file, std::uint64_t size, ByteView salt) {
  constexpr std::uint64_t kSizeMax = std::uint64_t{8} << 30;  // a tree of 64 MiB
  if (size > kSizeMax) return over_limit("a squashfs of more than 8 GiB");
  if (size % kVerityBlock != 0 || size < 2 * kVerityBlock)
    return malformed("its squashfs is not two or more blocks of 4096 bytes: mksquashfs pads to that");
  std::vector<Bytes> levels(1);
  HF_CHECK(file.each(0, size, [&](ByteView piece) -> Result<void> {
    put_digests(levels[0], piece, salt);
    return {};
  }));
  fill_block(levels[0]);
  while (levels.back().size() > kVerityBlock) {
    Bytes next;
    put_digests(next, levels.back(), salt);
    fill_block(next);
    levels.push_back(std::move(next));
  }
  VerityTree tree;
  const auto root = crypto::sha256({salt, levels.back()});
  tree.root.assign(root.begin(), root.end());
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) put(tree.bytes, *level);
  return tree;
}

}  // namespace hf::keys
