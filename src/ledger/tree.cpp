#include "ledger/tree.h"

#include <bit>

namespace hf::ledger {
namespace {

// MTH of leaves [begin, end), where begin is a multiple of the largest power of two that fits.
Result<Hash> range_root(const NodeReader& nodes, std::uint64_t begin, std::uint64_t end) {
  const auto count = end - begin;
  if (std::has_single_bit(count)) {
    const auto height = unsigned(std::countr_zero(count));
    const auto level = height / kTileHeight;
    const auto leaves_a_node = level * kTileHeight;
    HF_TRY(const auto hashes, nodes(level, begin >> leaves_a_node, count >> leaves_a_node));
    return tree_root(hashes);
  }
  const auto k = std::bit_floor(count);
  HF_TRY(const auto left, range_root(nodes, begin, begin + k));
  HF_TRY(const auto right, range_root(nodes, begin + k, end));
  return node_hash(left, right);
}

// k of RFC 6962 2.1: the largest power of two smaller than n, for n > 1.
std::uint64_t split_of(std::uint64_t n) { return std::bit_floor(n - 1); }

Result<void> append_path(const NodeReader& nodes, std::uint64_t begin, std::uint64_t end, std::uint64_t index,
                         std::vector<Hash>& path) {
  if (end - begin <= 1) return {};
  const auto middle = begin + split_of(end - begin);
  const bool left = index < middle;
  HF_CHECK(append_path(nodes, left ? begin : middle, left ? middle : end, index, path));
  HF_TRY(const auto sibling, range_root(nodes, left ? middle : begin, left ? end : middle));
  path.push_back(sibling);
  return {};
}

Result<void> append_subproof(const NodeReader& nodes, std::uint64_t begin, std::uint64_t end, std::uint64_t old_end,
                             bool known, std::vector<Hash>& proof) {
  if (old_end == end) {
    if (!known) {
      HF_TRY(const auto root, range_root(nodes, begin, end));
      proof.push_back(root);
    }
    return {};
  }
  const auto middle = begin + split_of(end - begin);
  const bool left = old_end <= middle;
  HF_CHECK(append_subproof(nodes, left ? begin : middle, left ? middle : end, old_end, left && known, proof));
  HF_TRY(const auto sibling, range_root(nodes, left ? middle : begin, left ? end : middle));
  proof.push_back(sibling);
  return {};
}

}  // namespace

Result<Hash> root_at(const NodeReader& nodes, std::uint64_t size) {
  if (size == 0) return tree_root({});
  return range_root(nodes, 0, size);
}

Result<std::vector<Hash>> prove_inclusion(const NodeReader& nodes, std::uint64_t index, std::uint64_t size) {
  if (index >= size) return fail(ErrorKind::not_found, "HF-LEDGER-0001", "the tree has no entry with this index");
  std::vector<Hash> path;
  HF_CHECK(append_path(nodes, 0, size, index, path));
  return path;
}

Result<std::vector<Hash>> prove_consistency(const NodeReader& nodes, std::uint64_t old_size, std::uint64_t new_size) {
  if (old_size > new_size) return fail(ErrorKind::invalid, "HF-LEDGER-0002", "the old tree is larger than the new one");
  std::vector<Hash> proof;
  if (old_size > 0) HF_CHECK(append_subproof(nodes, 0, new_size, old_size, true, proof));
  return proof;
}

Result<std::vector<Node>> completed_nodes(const NodeReader& nodes, std::uint64_t size, std::span<const Hash> leaves) {
  std::vector<Node> completed;
  std::vector<Hash> fresh(leaves.begin(), leaves.end());
  for (unsigned level = 0; !fresh.empty(); ++level) {
    // At this level `before` hashes were stored; together with the fresh ones some groups of 256 are now whole.
    const auto before = size >> (level * kTileHeight);
    const auto partial = before % kTileWidth;
    std::vector<Hash> group;
    if (partial + fresh.size() >= kTileWidth && partial > 0) {
      HF_TRY(group, nodes(level, before - partial, partial));
    }
    group.insert(group.end(), fresh.begin(), fresh.end());
    std::vector<Hash> next;
    for (std::size_t at = 0; partial + fresh.size() >= kTileWidth && at + kTileWidth <= group.size();
         at += kTileWidth) {
      next.push_back(tree_root(std::span(group).subspan(at, kTileWidth)));
      completed.push_back({level + 1, (before - partial + at) / kTileWidth, next.back()});
    }
    fresh = std::move(next);
  }
  return completed;
}

}  // namespace hf::ledger
