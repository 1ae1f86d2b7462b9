#include "ledger/tile.h"

namespace hf::ledger {

Result<std::string> tile_bytes(const Store& store, const TilePath& tile) {
  HF_TRY(const auto size, store.size());
  if (tile.width > tile_width_at(tile.level.value_or(0), tile.index, size))
    return fail(ErrorKind::not_found, "HF-TILE-0002", "the tree has no such tile yet");
  const auto first = tile.index * kTileWidth;
  std::string bytes;
  if (tile.level) {
    HF_TRY(const auto hashes, store.nodes()(*tile.level, first, tile.width));
    for (const auto& hash : hashes) bytes += text_of(hash);
    return bytes;
  }
  HF_TRY(const auto bodies, store.bodies(first, tile.width));
  for (const auto& body : bodies) {
    if (body.size() > kEntryMax)
      return fail(ErrorKind::internal, "HF-LEDGER-0007",
                  "an entry is longer than a tile can hold; run 'holdfast ledger verify'",
                  "entries from index " + std::to_string(first));
    bytes += char(body.size() >> 8);
    bytes += char(body.size() & 0xff);
    bytes += body;
  }
  return bytes;
}

}  // namespace hf::ledger
