// A segment: many device events under one Merkle root (RFC 6962), which one entry carries; the two-level proof.
//
// An event is one line of canonical JSON; its leaf is leaf_hash(line). Stored: zstd of the lines, each ended by '\n'.
#pragma once

#include <string>
#include <vector>

#include "ledger/transaction.h"

namespace hf::ledger {

class SegmentBuilder {
 public:
  // The position of the event in its segment.
  std::uint64_t add(std::string_view canonical_line);
  [[nodiscard]] std::uint64_t size() const { return leaves_.size(); }
  // Writes the segment row and notes root and count in the entry, in the same transaction. At least one event.
  Result<void> write(Transaction& transaction, EntryId entry, std::int64_t segment_id) const;
  // The row alone; its root.
  Result<Hash> insert(const db::Writer& writer, EntryId entry, std::int64_t segment_id) const;

 private:
  std::string lines_;
  std::vector<Hash> leaves_;
};

struct SegmentLimits {
  std::size_t bytes_max = 1U << 30;  // after decompression
};
// HF-LEDGER-0011 if the data are not the lines of a segment.
[[nodiscard]] Result<std::vector<std::string>> segment_events(ByteView data, const SegmentLimits& limits = {});

}  // namespace hf::ledger
