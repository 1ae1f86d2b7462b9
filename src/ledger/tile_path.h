// Paths of a tiled log (C2SP tlog-tiles): tile/<L>/<N>[.p/<W>] and tile/entries/<N>[.p/<W>].
// <N> in groups of three digits, all but the last with an 'x': 1234067 is x001/x234/067.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hf::ledger {

inline constexpr std::uint32_t kTileWidth = 256;  // hashes, or entries, of a full tile: height 8
inline constexpr std::uint32_t kTileLevelMax = 63;

struct TilePath {
  std::optional<std::uint32_t> level;  // 0 to 63; nothing for a bundle of entries
  std::uint64_t index{};
  std::uint32_t width = kTileWidth;  // below kTileWidth: a partial tile

  bool operator==(const TilePath&) const = default;
};

// Level at most kTileLevelMax, index below 2^63, width 1 to kTileWidth: the caller's duty.
[[nodiscard]] std::string format_tile_path(const TilePath& tile);
// HF-TILE-0001 for any text that format_tile_path() does not write.
[[nodiscard]] Result<TilePath> parse_tile_path(std::string_view path);

// How many hashes the tile has in a tree of `size` entries, 0 to kTileWidth. Entry bundles: as level 0.
[[nodiscard]] std::uint32_t tile_width_at(std::uint32_t level, std::uint64_t index, std::uint64_t size);

}  // namespace hf::ledger
