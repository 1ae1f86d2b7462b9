// All reads of the ledger's tables but those of the whole-ledger verification.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "db/session.h"
#include "ledger/transaction.h"
#include "ledger/tree.h"

namespace hf::ledger {

struct Entry {
  EntryId id;
  std::optional<std::uint64_t> index;  // nothing before it is sequenced
  std::string kind;
  Time recorded_at;
  std::string body;  // canonical JSON, the leaf's bytes
};

struct PublishedCheckpoint {
  std::uint64_t size;
  Time signed_at;
  std::string note;
};

struct Segment {
  std::int64_t id;
  EntryId entry;
  std::uint64_t events;
  Hash root;
  Bytes data;  // see segment.h
};

class Store {
 public:
  explicit Store(const db::Reader& reader) : db_(reader) {}

  [[nodiscard]] Result<std::uint64_t> size() const;  // of the tree
  [[nodiscard]] Result<std::optional<PublishedCheckpoint>> latest_checkpoint() const;
  [[nodiscard]] Result<std::optional<PublishedCheckpoint>> checkpoint_covering(std::uint64_t index) const;
  [[nodiscard]] Result<std::optional<Entry>> entry(EntryId id) const;
  [[nodiscard]] Result<std::optional<Entry>> entry_at(std::uint64_t index) const;
  // Newest first, ids below `before`.
  [[nodiscard]] Result<std::vector<Entry>> recent(std::int64_t before, std::int64_t limit) const;
  [[nodiscard]] Result<std::vector<Entry>> of_subject(std::string_view subject, std::int64_t before,
                                                      std::int64_t limit) const;
  // Oldest first, in the order of the log: indexes from `from` on; of one subject unless it is empty.
  [[nodiscard]] Result<std::vector<Entry>> sequenced(std::uint64_t from, std::string_view subject,
                                                     std::int64_t limit) const;
  // Bodies of `count` entries from index `from` on, exactly so many, or HF-LEDGER-0007.
  [[nodiscard]] Result<std::vector<std::string>> bodies(std::uint64_t from, std::uint64_t count) const;
  [[nodiscard]] Result<std::optional<Segment>> segment(std::int64_t id) const;
  [[nodiscard]] NodeReader nodes() const;

 private:
  const db::Reader& db_;
};

[[nodiscard]] Hash hash_of(ByteView bytes);  // of exactly 32 bytes, as every hash column holds

}  // namespace hf::ledger
