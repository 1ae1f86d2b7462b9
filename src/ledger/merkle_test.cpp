#include "ledger/merkle.h"

#include <gtest/gtest.h>
#include <string>

namespace hf::ledger {
namespace {

std::vector<Hash> leaves_of(std::size_t count) {
  std::vector<Hash> leaves;
  for (std::size_t i = 0; i < count; ++i) {
    leaves.push_back(leaf_hash(bytes_of(std::to_string(i))));
  }
  return leaves;
}

TEST(Merkle, TheEmptyTreeAndTheEmptyLeafHaveTheHashesOfRfc6962) {
  EXPECT_EQ(to_hex(tree_root({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(leaf_hash({})), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(Merkle, EveryInclusionProofOfEverySmallTreeVerifiesAndNoFlippedBitDoes) {
  for (std::size_t size = 1; size <= 40; ++size) {
    const auto leaves = leaves_of(size);
    const auto root = tree_root(leaves);
    for (std::size_t index = 0; index < size; ++index) {
      auto proof = inclusion_proof(leaves, index);
      ASSERT_TRUE(proof);
      EXPECT_TRUE(verify_inclusion(leaves[index], index, size, *proof, root)) << size << "/" << index;
      EXPECT_FALSE(verify_inclusion(leaf_hash({}), index, size, *proof, root));
      for (auto& hash : *proof) {
        hash[7] ^= 1;
        EXPECT_FALSE(verify_inclusion(leaves[index], index, size, *proof, root));
        hash[7] ^= 1;
      }
      proof->push_back(root);
      EXPECT_FALSE(verify_inclusion(leaves[index], index, size, *proof, root));
    }
  }
}

TEST(Merkle, EveryConsistencyProofOfEverySmallTreeVerifiesAndNoFork) {
  for (std::size_t size = 1; size <= 40; ++size) {
    const auto leaves = leaves_of(size);
    const auto root = tree_root(leaves);
    for (std::size_t old_size = 0; old_size <= size; ++old_size) {
      auto proof = consistency_proof(leaves, old_size);
      ASSERT_TRUE(proof);
      auto old_root = tree_root(std::span(leaves).first(old_size));
      EXPECT_TRUE(verify_consistency(old_size, size, *proof, old_root, root)) << old_size << "/" << size;
      for (auto& hash : *proof) {
        hash[7] ^= 1;
        EXPECT_FALSE(verify_consistency(old_size, size, *proof, old_root, root));
        hash[7] ^= 1;
      }
      old_root[0] ^= 1;
      EXPECT_FALSE(verify_consistency(old_size, size, *proof, old_root, root)) << old_size << "/" << size;
    }
  }
}

TEST(Merkle, AnIndexOrSizeOutsideTheTreeIsRefusedByItsCode) {
  const auto leaves = leaves_of(3);
  EXPECT_EQ(inclusion_proof(leaves, 3).error().code, "HF-LEDGER-0001");
  EXPECT_EQ(consistency_proof(leaves, 4).error().code, "HF-LEDGER-0002");
  EXPECT_EQ(verify_inclusion(leaves[0], 3, 3, {}, tree_root(leaves)).error().code, "HF-LEDGER-0003");
  EXPECT_EQ(verify_consistency(4, 3, {}, {}, {}).error().code, "HF-LEDGER-0004");
}

}  // namespace
}  // namespace hf::ledger
