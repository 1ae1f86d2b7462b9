// Checkpoints (C2SP tlog-checkpoint v1.0.0): a signed note whose text is a tree head.
//
//   <origin>
//   <tree size, decimal>
//   <root hash, base64>
//   <extension lines, non-empty; not recommended>
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/merkle.h"
#include "ledger/note.h"

namespace hf::ledger {

struct Checkpoint {
  std::string origin;  // names the log; we require it to be the key name of its signature too
  std::uint64_t size{};
  Hash root{};
  std::vector<std::string> extensions{};

  bool operator==(const Checkpoint&) const = default;
};

// Tree sizes and indexes stay below 2^63: SQL has no larger integer, and Go's verifiers read int64.
inline constexpr std::uint64_t kTreeSizeMax = (std::uint64_t{1} << 63) - 1;

// Decimal without leading zeroes, at most kTreeSizeMax; nothing otherwise.
[[nodiscard]] std::optional<std::uint64_t> parse_tree_number(std::string_view text);

// The note's text. HF-CHECKPOINT-0001 if it would not read back as given.
[[nodiscard]] Result<std::string> format_checkpoint(const Checkpoint& checkpoint);
// HF-CHECKPOINT-0002 unless the text is exactly a checkpoint.
[[nodiscard]] Result<Checkpoint> parse_checkpoint(std::string_view text);

// Signed by the store's key `label`, under the origin as key name.
[[nodiscard]] Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, crypto::KeyStore& store,
                                                  std::string_view label);
// The checkpoint of a signed note. HF-NOTE-* from open_note(); HF-CHECKPOINT-0002; HF-CHECKPOINT-0003 if no verified
// signature is under the checkpoint's own origin: a witness's alone, or another log's, does not speak for this log.
[[nodiscard]] Result<Checkpoint> open_checkpoint(std::string_view note, std::span<const VerifierKey> trusted,
                                                 const NoteLimits& limits = {});

}  // namespace hf::ledger
