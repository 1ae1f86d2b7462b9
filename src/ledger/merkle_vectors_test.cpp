// The published RFC 6962 proof vectors; the source is cited at the head of the data file.
#include "ledger/merkle.h"

#include <gtest/gtest.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace hf::ledger {
namespace {

struct ProofCase {
  std::string kind, name, verdict;
  std::uint64_t first{}, size{};  // index or old size, then the tree's size
  std::string start, root, proof;
};

std::vector<ProofCase> load() {
  std::ifstream file(HF_TEST_DATA "/ledger/rfc6962.vec");
  std::vector<ProofCase> cases;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    ProofCase c;
    std::istringstream(line) >> c.kind >> c.name >> c.verdict >> c.first >> c.size >> c.start >> c.root >> c.proof;
    cases.push_back(std::move(c));
  }
  return cases;
}

// A hash of another length cannot be stated in our types: reading it is already the refusal.
std::optional<Hash> hash_of(const std::string& hex) {
  Hash hash{};
  if (hex.size() != 2 * hash.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.size(); ++i)
    hash[i] = static_cast<std::uint8_t>(std::stoul(hex.substr(2 * i, 2), nullptr, 16));
  return hash;
}

bool accepted(const ProofCase& c) {
  const auto start = hash_of(c.start), root = hash_of(c.root);
  if (!start || !root) return false;
  std::vector<Hash> proof;
  std::istringstream parts(c.proof == "-" ? "" : c.proof);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto hash = hash_of(part);
    if (!hash) return false;
    proof.push_back(*hash);
  }
  return c.kind == "inclusion" ? verify_inclusion(*start, c.first, c.size, proof, *root).has_value()
                               : verify_consistency(c.first, c.size, proof, *start, *root).has_value();
}

TEST(MerkleVectors, EveryPublishedCaseGetsItsVerdict) {
  const auto cases = load();
  ASSERT_EQ(cases.size(), 196U);
  for (const auto& c : cases) {
    // Accepts two equal "roots" of 17 bytes; a SHA-256 root has 32 (RFC 6962 2.1), so we refuse it.
    const bool not_a_hash = c.kind == "consistency" && c.name == "additional/sizes-are-equal-one-and-proof-is-empty";
    EXPECT_EQ(accepted(c), c.verdict == "accept" && !not_a_hash) << c.kind << " " << c.name;
  }
}

}  // namespace
}  // namespace hf::ledger
