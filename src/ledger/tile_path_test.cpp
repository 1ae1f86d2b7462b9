#include "ledger/tile_path.h"

#include <gtest/gtest.h>

namespace hf::ledger {
namespace {

TEST(TilePath, IsWrittenAndReadAsTheSpecificationShows) {
  for (const auto& [tile, path] :
       {std::pair{TilePath{0, 1234067}, "tile/0/x001/x234/067"},  // the specification's index
        {TilePath{0, 0}, "tile/0/000"},
        {TilePath{63, 999}, "tile/63/999"},
        {TilePath{1, 1000, 17}, "tile/1/x001/000.p/17"},
        {TilePath{std::nullopt, 1000000, 1}, "tile/entries/x001/x000/000.p/1"},
        {TilePath{2, 9223372036854775807U, 255}, "tile/2/x009/x223/x372/x036/x854/x775/807.p/255"}}) {
    EXPECT_EQ(format_tile_path(tile), path);
    const auto read = parse_tile_path(path);
    ASSERT_TRUE(read) << path;
    EXPECT_EQ(*read, tile);
  }
}

TEST(TilePath, OnePathForOneTile) {
  for (const auto* bad : {"",
                          "tile",
                          "tile/0",
                          "tile/0/",
                          "tile/0/1",
                          "tile/0/0001",
                          "tile/0/x000/001",
                          "tile/0/001/002",
                          "tile/0/x001",
                          "tile/0/x001/x002",
                          "tile/00/001",
                          "tile/64/001",
                          "tile/-1/001",
                          "tile/x/001",
                          "tile/0/001.p/0",
                          "tile/0/001.p/256",
                          "tile/0/001.p/01",
                          "tile/0/001.p/",
                          "tile/0/001.p/1/2",
                          "/tile/0/001",
                          "tile/0/001/",
                          "tile/../001",
                          "tile/0/x../001",
                          "tile/0/x009/x223/x372/x036/x854/x775/808",
                          "tile/0/ 01",
                          "Tile/0/001",
                          "tile/Entries/001"})
    EXPECT_EQ(parse_tile_path(bad).error().code, "HF-TILE-0001") << bad;
  EXPECT_FALSE(parse_tile_path(std::string("tile/0/00\0", 10)));
}

// "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112, one full
// level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1"
TEST(TilePath, WidthsAreThoseOfTheSpecificationsTree) {
  EXPECT_EQ(tile_width_at(0, 272, 70000), 256U);
  EXPECT_EQ(tile_width_at(0, 273, 70000), 112U);
  EXPECT_EQ(tile_width_at(0, 274, 70000), 0U);
  EXPECT_EQ(tile_width_at(1, 0, 70000), 256U);
  EXPECT_EQ(tile_width_at(1, 1, 70000), 17U);
  EXPECT_EQ(tile_width_at(2, 0, 70000), 1U);
  EXPECT_EQ(tile_width_at(3, 0, 70000), 0U);
  EXPECT_EQ(tile_width_at(0, 0, 256), 256U);
  EXPECT_EQ(tile_width_at(1, 0, 256), 1U);
  EXPECT_EQ(tile_width_at(0, ~0ULL, ~0ULL), 0U);
  EXPECT_EQ(tile_width_at(8, 0, ~0ULL), 0U);
}

}  // namespace
}  // namespace hf::ledger
