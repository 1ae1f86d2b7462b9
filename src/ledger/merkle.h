// Merkle tree hashing and proofs of RFC 6962 section 2.1, verification as in RFC 9162 sections 2.1.3.2 and 2.1.4.2.
// Pure: no store, no clock. Trees are given as their leaf hashes, oldest first.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "crypto/sha256.h"

namespace hf::ledger {

using Hash = crypto::Sha256;

[[nodiscard]] Hash leaf_hash(ByteView entry);                       // SHA-256(0x00 || entry)
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);  // SHA-256(0x01 || left || right)
[[nodiscard]] Hash tree_root(std::span<const Hash> leaves);         // MTH; SHA-256("") for no leaves

// PATH(index, leaves). HF-LEDGER-0001 if there is no such leaf.
[[nodiscard]] Result<std::vector<Hash>> inclusion_proof(std::span<const Hash> leaves, std::uint64_t index);
// PROOF(old_size, leaves). HF-LEDGER-0002 unless old_size <= leaves.size(). Empty for old_size 0 or equal sizes.
[[nodiscard]] Result<std::vector<Hash>> consistency_proof(std::span<const Hash> leaves, std::uint64_t old_size);

// Ok, or HF-LEDGER-0003: the proof does not show that `leaf` is entry `index` of the tree (size, root).
[[nodiscard]] Result<void> verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                                            std::span<const Hash> proof, const Hash& root);
// Ok, or HF-LEDGER-0004: the proof does not show that the old tree is a prefix of the new one.
[[nodiscard]] Result<void> verify_consistency(std::uint64_t old_size, std::uint64_t new_size,
                                              std::span<const Hash> proof, const Hash& old_root, const Hash& new_root);

}  // namespace hf::ledger
