// The tree as stored: hashes of the tile levels, and everything that is computed from them.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ledger/merkle.h"
#include "ledger/tile_path.h"

namespace hf::ledger {

constexpr unsigned kTileHeight = 8;  // of a C2SP tile: kTileWidth hashes

// `count` hashes of tile level `level`, from `position` on; exactly so many, or an error.
using NodeReader =
    std::function<Result<std::vector<Hash>>(unsigned level, std::uint64_t position, std::uint64_t count)>;

// Root of the tree of the first `size` leaves: at most one read a level.
Result<Hash> root_at(const NodeReader& nodes, std::uint64_t size);
// As inclusion_proof and consistency_proof of merkle.h, from stored hashes. HF-LEDGER-0001, HF-LEDGER-0002.
Result<std::vector<Hash>> prove_inclusion(const NodeReader& nodes, std::uint64_t index, std::uint64_t size);
Result<std::vector<Hash>> prove_consistency(const NodeReader& nodes, std::uint64_t old_size, std::uint64_t new_size);

struct Node {
  unsigned level;
  std::uint64_t position;
  Hash hash;
};
// The hashes of levels 1 and up that become complete when leaves are appended to a tree of `size`; `nodes` reads what
// was there before, `leaves` are the new leaf hashes.
Result<std::vector<Node>> completed_nodes(const NodeReader& nodes, std::uint64_t size, std::span<const Hash> leaves);

}  // namespace hf::ledger
