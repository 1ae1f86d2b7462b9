#include "ledger/merkle.h"

#include <algorithm>
#include <bit>

namespace hf::ledger {
namespace {

constexpr std::uint8_t kLeafPrefix = 0x00;  // RFC 6962 2.1: a leaf can never be read as a node
constexpr std::uint8_t kNodePrefix = 0x01;

ByteView one(const std::uint8_t& byte) { return {&byte, 1}; }

// k of RFC 6962 2.1: the largest power of two smaller than n, for n > 1.
std::size_t split_of(std::size_t n) { return std::bit_floor(n - 1); }

void append_path(std::span<const Hash> leaves, std::size_t index, std::vector<Hash>& path) {
  if (leaves.size() <= 1) return;
  const auto k = split_of(leaves.size());
  const auto left = leaves.first(k), right = leaves.subspan(k);
  if (index < k) {
    append_path(left, index, path);
    path.push_back(tree_root(right));
  } else {
    append_path(right, index - k, path);
    path.push_back(tree_root(left));
  }
}

// SUBPROOF(m, leaves, known): `known` while the verifier already holds the root of this subtree.
void append_subproof(std::span<const Hash> leaves, std::size_t m, bool known, std::vector<Hash>& proof) {
  if (m == leaves.size()) {
    if (!known) proof.push_back(tree_root(leaves));
    return;
  }
  const auto k = split_of(leaves.size());
  const auto left = leaves.first(k), right = leaves.subspan(k);
  if (m <= k) {
    append_subproof(left, m, known, proof);
    proof.push_back(tree_root(right));
  } else {
    append_subproof(right, m - k, false, proof);
    proof.push_back(tree_root(left));
  }
}

auto refuse(std::string_view code, std::string message) {
  return fail({ErrorKind::invalid, code, std::move(message), {}});
}
auto refuse_inclusion() {
  return refuse("HF-LEDGER-0003", "the inclusion proof does not lead from this entry to this root");
}
auto refuse_consistency() { return refuse("HF-LEDGER-0004", "the consistency proof does not connect these two trees"); }

}  // namespace

Hash leaf_hash(ByteView entry) { return crypto::sha256({one(kLeafPrefix), entry}); }

Hash node_hash(const Hash& left, const Hash& right) { return crypto::sha256({one(kNodePrefix), left, right}); }

Hash tree_root(std::span<const Hash> leaves) {
  if (leaves.empty()) return crypto::sha256({});
  if (leaves.size() == 1) return leaves.front();
  const auto k = split_of(leaves.size());
  return node_hash(tree_root(leaves.first(k)), tree_root(leaves.subspan(k)));
}

Result<std::vector<Hash>> inclusion_proof(std::span<const Hash> leaves, std::uint64_t index) {
  if (index >= leaves.size()) return refuse("HF-LEDGER-0001", "the tree has no entry with this index");
  std::vector<Hash> path;
  append_path(leaves, index, path);
  return path;
}

Result<std::vector<Hash>> consistency_proof(std::span<const Hash> leaves, std::uint64_t old_size) {
  if (old_size > leaves.size()) return refuse("HF-LEDGER-0002", "the old tree is larger than the new one");
  std::vector<Hash> proof;
  if (old_size > 0) append_subproof(leaves, old_size, true, proof);
  return proof;
}

Result<void> verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                              const Hash& root) {
  if (index >= size) return refuse_inclusion();
  auto position = index, last = size - 1;
  auto computed = leaf;
  for (const auto& sibling : proof) {
    if (last == 0) return refuse_inclusion();  // more hashes than the path has levels
    if ((position & 1) != 0 || position == last) {
      computed = node_hash(sibling, computed);
      while ((position & 1) == 0 && position != 0) position >>= 1, last >>= 1;
    } else {
      computed = node_hash(computed, sibling);
    }
    position >>= 1, last >>= 1;
  }
  if (last != 0 || computed != root) return refuse_inclusion();
  return {};
}

Result<void> verify_consistency(std::uint64_t old_size, std::uint64_t new_size, std::span<const Hash> proof,
                                const Hash& old_root, const Hash& new_root) {
  if (old_size > new_size) return refuse_consistency();
  if (old_size == new_size) {
    if (!proof.empty() || old_root != new_root) return refuse_consistency();
    return {};
  }
  if (old_size == 0) {  // every tree extends the empty one, whose root is fixed
    if (!proof.empty() || old_root != tree_root({})) return refuse_consistency();
    return {};
  }
  std::vector<Hash> path(proof.begin(), proof.end());
  // RFC 9162 2.1.4.2: a complete old tree is itself the first node of the path.
  if (std::has_single_bit(old_size)) path.insert(path.begin(), old_root);
  if (path.empty()) return refuse_consistency();
  auto position = old_size - 1, last = new_size - 1;
  while ((position & 1) != 0) position >>= 1, last >>= 1;
  auto old_computed = path.front(), new_computed = path.front();
  for (const auto& sibling : std::span(path).subspan(1)) {
    if (last == 0) return refuse_consistency();
    if ((position & 1) != 0 || position == last) {
      old_computed = node_hash(sibling, old_computed);
      new_computed = node_hash(sibling, new_computed);
      while ((position & 1) == 0 && position != 0) position >>= 1, last >>= 1;
    } else {
      new_computed = node_hash(new_computed, sibling);
    }
    position >>= 1, last >>= 1;
  }
  if (last != 0 || old_computed != old_root || new_computed != new_root) return refuse_consistency();
  return {};
}

}  // namespace hf::ledger
