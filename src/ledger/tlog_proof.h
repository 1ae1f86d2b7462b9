// Transparency log proofs (C2SP tlog-proof, format c2sp.org/tlog-proof@v1): one entry's inclusion with the checkpoint
// that it leads to, verifiable offline. File extension: .tlog-proof
//
//   c2sp.org/tlog-proof@v1
//   extra <base64>                    optional; not authenticated
//   index <decimal>
//   <hash, base64>                    zero or more, from the leaf's sibling up
//   <empty line>
//   <the signed checkpoint, verbatim>
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/checkpoint.h"

namespace hf::ledger {

struct TlogProofLimits {
  std::size_t extra_max = 64U << 10;  // bytes after decoding
  NoteLimits note{};
};

struct TlogProof {
  Bytes extra;  // empty: no such line
  std::uint64_t index{};
  std::vector<Hash> hashes;
  std::string checkpoint;  // the signed note

  bool operator==(const TlogProof&) const = default;
};

// HF-PROOF-0001 if it would not read back as given.
[[nodiscard]] Result<std::string> format_tlog_proof(const TlogProof& proof);
// The parts, nothing verified. HF-PROOF-0002 malformed, HF-PROOF-0003 over a limit.
[[nodiscard]] Result<TlogProof> parse_tlog_proof(std::string_view text, const TlogProofLimits& limits = {});
// The checkpoint under which `leaf` (its leaf_hash()) is entry proof.index. HF-NOTE-*, HF-CHECKPOINT-* or
// HF-LEDGER-0003.
[[nodiscard]] Result<Checkpoint> verify_tlog_proof(const TlogProof& proof, const Hash& leaf,
                                                   std::span<const VerifierKey> trusted, const NoteLimits& limits = {});

}  // namespace hf::ledger
