#include "ledger/tile_path.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/text.h"
#include "ledger/checkpoint.h"

namespace hf::ledger {
namespace {

constexpr std::string_view kPartial = ".p/";
constexpr std::size_t kPathMax = 64;  // "tile/entries/", seven groups, ".p/255"

auto refuse() { return fail(ErrorKind::invalid, "HF-TILE-0001", "not the path of a tile"); }

std::string format_index(std::uint64_t index) {
  auto text = fmt::format("{:03}", index % 1000);
  for (index /= 1000; index > 0; index /= 1000) text = fmt::format("x{:03}/", index % 1000) + text;
  return text;
}

}  // namespace

std::string format_tile_path(const TilePath& tile) {
  auto path = tile.level ? fmt::format("tile/{}/", *tile.level) : std::string("tile/entries/");
  path += format_index(tile.index);
  if (tile.width != kTileWidth) path += fmt::format("{}{}", kPartial, tile.width);
  return path;
}

Result<TilePath> parse_tile_path(std::string_view path) {
  if (path.size() > kPathMax) return refuse();
  TilePath tile;
  auto rest = path;
  if (const auto partial = rest.find(kPartial); partial != std::string_view::npos) {
    const auto width = parse_tree_number(rest.substr(partial + kPartial.size()));
    if (!width || *width == 0 || *width >= kTileWidth) return refuse();
    tile.width = static_cast<std::uint32_t>(*width);
    rest = rest.substr(0, partial);
  }
  const auto parts = split(rest, '/');
  if (parts.size() < 3 || parts[0] != "tile") return refuse();
  if (parts[1] != "entries") {
    const auto level = parse_tree_number(parts[1]);
    if (!level || *level > kTileLevelMax) return refuse();
    tile.level = static_cast<std::uint32_t>(*level);
  }
  std::string digits;
  for (auto part : std::span(parts).subspan(2)) {
    if (part.starts_with('x')) part.remove_prefix(1);
    digits += part;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  const auto index = parse_tree_number(digits);
  if (!index) return refuse();
  tile.index = *index;
  // One path for one tile: grouping, padding and the place of each 'x' are those that we write.
  if (format_tile_path(tile) != path) return refuse();
  return tile;
}

std::uint32_t tile_width_at(std::uint32_t level, std::uint64_t index, std::uint64_t size) {
  if (level >= 8) return 0;  // 256^8 entries do not fit the type
  const auto hashes = size >> (8 * level);
  if (index > hashes / kTileWidth) return 0;
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(kTileWidth, hashes - index * kTileWidth));
}

}  // namespace hf::ledger
