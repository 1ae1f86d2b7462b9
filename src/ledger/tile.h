// The bytes of tiles and entry bundles (C2SP tlog-tiles), from the stored tree.
#pragma once

#include <string>

#include "ledger/store.h"
#include "ledger/tile_path.h"

namespace hf::ledger {

// C2SP tlog-tiles frames each entry with a 16-bit length.
inline constexpr std::size_t kEntryMax = 65535;

// Tile: `width` hashes of 32 bytes. Entry bundle: `width` times a big-endian 16-bit length and the entry.
// HF-TILE-0002 while the tree has no such tile; HF-LEDGER-0007 if the stored tree has a gap.
[[nodiscard]] Result<std::string> tile_bytes(const Store& store, const TilePath& tile);

}  // namespace hf::ledger
