#include "ledger/store.h"

#include <algorithm>

namespace hf::ledger {
namespace {

const db::Query kSize{"ledger.size", "SELECT MAX(leaf_index) + 1 FROM ledger_leaf"};
const db::Query kLatestCheckpoint{"ledger.latest_checkpoint", R"sql(
    SELECT tree_size, signed_at, note FROM ledger_checkpoint ORDER BY tree_size DESC LIMIT 1)sql"};
const db::Query kCheckpointCovering{"ledger.checkpoint_covering", R"sql(
    SELECT tree_size, signed_at, note FROM ledger_checkpoint WHERE tree_size > $1 ORDER BY tree_size LIMIT 1)sql"};
const db::Query kEntry{"ledger.entry", R"sql(
    SELECT e.entry_id, l.leaf_index, e.kind, e.recorded_at, e.body
      FROM ledger_entry AS e LEFT JOIN ledger_leaf AS l ON l.entry_id = e.entry_id
     WHERE e.entry_id = $1)sql"};
const db::Query kEntryAt{"ledger.entry_at", R"sql(
    SELECT e.entry_id, l.leaf_index, e.kind, e.recorded_at, e.body
      FROM ledger_leaf AS l JOIN ledger_entry AS e ON e.entry_id = l.entry_id
     WHERE l.leaf_index = $1)sql"};
const db::Query kRecent{"ledger.recent", R"sql(
    SELECT e.entry_id, l.leaf_index, e.kind, e.recorded_at, e.body
      FROM ledger_entry AS e LEFT JOIN ledger_leaf AS l ON l.entry_id = e.entry_id
     WHERE e.entry_id < $1
     ORDER BY e.entry_id DESC
     LIMIT $2)sql"};
const db::Query kOfSubject{"ledger.of_subject", R"sql(
    SELECT e.entry_id, l.leaf_index, e.kind, e.recorded_at, e.body
      FROM ledger_subject AS s
      JOIN ledger_entry AS e ON e.entry_id = s.entry_id
      LEFT JOIN ledger_leaf AS l ON l.entry_id = e.entry_id
     WHERE s.subject = $1 AND s.entry_id < $2
     ORDER BY s.entry_id DESC
     LIMIT $3)sql"};
const db::Query kSequenced{"ledger.sequenced", R"sql(
    SELECT e.entry_id, l.leaf_index, e.kind, e.recorded_at, e.body
      FROM ledger_leaf AS l JOIN ledger_entry AS e ON e.entry_id = l.entry_id
     WHERE l.leaf_index >= $1
     ORDER BY l.leaf_index
     LIMIT $2)sql"};
const db::Query kSequencedOfSubject{"ledger.sequenced_of_subject", R"sql(
    SELECT e.entry_id, l.leaf_index, e.kind, e.recorded_at, e.body
      FROM ledger_leaf AS l JOIN ledger_entry AS e ON e.entry_id = l.entry_id
     WHERE l.leaf_index >= $1
       AND EXISTS (SELECT 1 FROM ledger_subject AS s WHERE s.subject = $2 AND s.entry_id = l.entry_id)
     ORDER BY l.leaf_index
     LIMIT $3)sql"};
const db::Query kBodies{"ledger.bodies", R"sql(
    SELECT e.body
      FROM ledger_leaf AS l JOIN ledger_entry AS e ON e.entry_id = l.entry_id
     WHERE l.leaf_index >= $1 AND l.leaf_index < $2
     ORDER BY l.leaf_index)sql"};
const db::Query kNodes{"ledger.nodes", R"sql(
    SELECT hash FROM ledger_node WHERE level = $1 AND position >= $2 AND position < $3 ORDER BY position)sql"};
const db::Query kSegment{"ledger.segment", R"sql(
    SELECT segment_id, entry_id, events, root, data FROM ledger_segment WHERE segment_id = $1)sql"};

Entry read_entry(const db::Row& row) {
  const auto index = row.int64_or_none(1);
  return {EntryId{row.int64(0)}, index ? std::optional(std::uint64_t(*index)) : std::nullopt, row.string(2),
          row.time(3), std::string(text_of(row.blob(4)))};
}

PublishedCheckpoint read_checkpoint(const db::Row& row) {
  return {std::uint64_t(row.int64(0)), row.time(1), row.string(2)};
}

Segment read_segment(const db::Row& row) {
  const auto data = row.blob(4);
  return {row.int64(0), EntryId{row.int64(1)}, std::uint64_t(row.int64(2)), hash_of(row.blob(3)),
          Bytes(data.begin(), data.end())};
}

}  // namespace

Hash hash_of(ByteView bytes) {
  Hash hash{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
  return hash;
}

Result<std::uint64_t> Store::size() const {
  HF_TRY(const auto size, db_.number(kSize));
  return std::uint64_t(size);
}

Result<std::optional<PublishedCheckpoint>> Store::latest_checkpoint() const {
  return db_.find(kLatestCheckpoint, read_checkpoint);
}

Result<std::optional<PublishedCheckpoint>> Store::checkpoint_covering(std::uint64_t index) const {
  return db_.find(kCheckpointCovering, read_checkpoint, std::int64_t(index));
}

Result<std::optional<Entry>> Store::entry(EntryId id) const { return db_.find(kEntry, read_entry, id); }

Result<std::optional<Entry>> Store::entry_at(std::uint64_t index) const {
  return db_.find(kEntryAt, read_entry, std::int64_t(index));
}

Result<std::vector<Entry>> Store::recent(std::int64_t before, std::int64_t limit) const {
  return db_.select(kRecent, read_entry, before, limit);
}

Result<std::vector<Entry>> Store::of_subject(std::string_view subject, std::int64_t before, std::int64_t limit) const {
  return db_.select(kOfSubject, read_entry, subject, before, limit);
}

Result<std::vector<Entry>> Store::sequenced(std::uint64_t from, std::string_view subject, std::int64_t limit) const {
  if (subject.empty()) return db_.select(kSequenced, read_entry, std::int64_t(from), limit);
  return db_.select(kSequencedOfSubject, read_entry, std::int64_t(from), subject, limit);
}

Result<std::vector<std::string>> Store::bodies(std::uint64_t from, std::uint64_t count) const {
  HF_TRY(auto bodies, db_.select(
                          kBodies, [](const db::Row& row) { return std::string(text_of(row.blob(0))); },
                          std::int64_t(from), std::int64_t(from + count)));
  if (bodies.size() != count)
    return fail(ErrorKind::internal, "HF-LEDGER-0007", "the ledger's tree has a gap; run 'holdfast ledger verify'",
                "entries from index " + std::to_string(from));
  return bodies;
}

Result<std::optional<Segment>> Store::segment(std::int64_t id) const { return db_.find(kSegment, read_segment, id); }

NodeReader Store::nodes() const {
  return [this](unsigned level, std::uint64_t position, std::uint64_t count) -> Result<std::vector<Hash>> {
    HF_TRY(auto hashes, db_.select(
                            kNodes, [](const db::Row& row) { return hash_of(row.blob(0)); }, std::int64_t(level),
                            std::int64_t(position), std::int64_t(position + count)));
    if (hashes.size() != count)
      return fail(ErrorKind::internal, "HF-LEDGER-0007", "the ledger's tree has a gap; run 'holdfast ledger verify'",
                  "level " + std::to_string(level) + ", position " + std::to_string(position));
    return hashes;
  };
}

}  // namespace hf::ledger
