#include "ledger/tree.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace hf::ledger {
namespace {

struct Stored {
  std::map<std::pair<unsigned, std::uint64_t>, Hash> nodes;
  std::vector<Hash> leaves;

  NodeReader reader() {
    return [this](unsigned level, std::uint64_t position, std::uint64_t count) -> Result<std::vector<Hash>> {
      std::vector<Hash> hashes;
      for (std::uint64_t i = 0; i < count; ++i) hashes.push_back(nodes.at({level, position + i}));
      return hashes;
    };
  }
  void append(std::size_t count) {
    std::vector<Hash> fresh;
    for (std::size_t i = 0; i < count; ++i) fresh.push_back(leaf_hash(bytes_of(std::to_string(leaves.size() + i))));
    const auto completed = completed_nodes(reader(), leaves.size(), fresh);
    for (std::size_t i = 0; i < count; ++i) nodes[{0, leaves.size() + i}] = fresh[i];
    for (const auto& node : completed.value()) {
      EXPECT_FALSE(nodes.contains({node.level, node.position}));
      nodes[{node.level, node.position}] = node.hash;
    }
    leaves.insert(leaves.end(), fresh.begin(), fresh.end());
  }
};

// Batches that end before, on and after the borders of tiles of levels 1 and 2.
TEST(Tree, StoredHashesGiveTheRootsAndProofsOfTheDefinition) {
  Stored stored;
  for (const std::size_t batch : {1, 2, 200, 53, 1, 255, 256, 257, 1000, 70000}) {
    const auto old_size = stored.leaves.size();
    stored.append(batch);
    const auto size = stored.leaves.size();
    const auto root = tree_root(stored.leaves);
    EXPECT_EQ(root_at(stored.reader(), size).value(), root);
    for (const std::uint64_t index : {std::size_t{0}, size / 3, size - 1}) {
      const auto proof = prove_inclusion(stored.reader(), index, size);
      ASSERT_TRUE(proof);
      EXPECT_TRUE(verify_inclusion(stored.leaves[index], index, size, *proof, root));
      EXPECT_EQ(*proof, inclusion_proof(stored.leaves, index).value());
    }
    const auto consistency = prove_consistency(stored.reader(), old_size, size);
    ASSERT_TRUE(consistency);
    EXPECT_TRUE(
        verify_consistency(old_size, size, *consistency, tree_root(std::span(stored.leaves).first(old_size)), root));
  }
  EXPECT_EQ(root_at(stored.reader(), 0).value(), tree_root({}));
  EXPECT_EQ(prove_inclusion(stored.reader(), 5, 5).error().code, "HF-LEDGER-0001");
}

}  // namespace
}  // namespace hf::ledger
