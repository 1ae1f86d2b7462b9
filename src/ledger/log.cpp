#include "ledger/log.h"

namespace hf::ledger {
namespace {

constexpr std::int64_t kBatch = 4096;  // entries a transaction: bounds the time the write lock is held

// A look-up an entry, never a join: a merge join would walk through all entries from the oldest on.
const db::Query kWaiting{"ledger.waiting", R"sql(
    SELECT o.entry_id, (SELECT e.leaf_hash FROM ledger_entry AS e WHERE e.entry_id = o.entry_id)
      FROM ledger_outbox AS o
     ORDER BY o.entry_id
     LIMIT $1)sql"};
const db::Query kAnyWaiting{"ledger.any_waiting", "SELECT entry_id FROM ledger_outbox ORDER BY entry_id LIMIT 1"};
const db::Query kInsertLeaf{"ledger.insert_leaf", "INSERT INTO ledger_leaf (leaf_index, entry_id) VALUES ($1, $2)"};
const db::Query kInsertNode{"ledger.insert_node",
                            "INSERT INTO ledger_node (level, position, hash) VALUES ($1, $2, $3)"};
const db::Query kDeleteOutbox{"ledger.delete_outbox", "DELETE FROM ledger_outbox WHERE entry_id = $1"};
const db::Query kInsertCheckpoint{"ledger.insert_checkpoint", R"sql(
    INSERT INTO ledger_checkpoint (tree_size, signed_at, note) VALUES ($1, $2, $3) ON CONFLICT (tree_size) DO NOTHING)sql"};

struct Waiting {
  std::int64_t entry;
  Hash leaf;
};

}  // namespace

Log::Log(db::Database& database, const Clock& clock, crypto::KeyStore& keys, std::string origin, std::string key)
    : database_(database), clock_(clock), keys_(keys), origin_(std::move(origin)), key_(std::move(key)) {}

Result<std::uint64_t> Log::integrate() {
  // Asked before the one writer is: the log is looked at whenever somebody wrote.
  HF_TRY(const auto any, database_.read([](const db::Reader& reader) {
    return reader.find(kAnyWaiting, [](const db::Row& row) { return row.int64(0); });
  }));
  if (!any) return std::uint64_t{0};
  return database_.write([](db::Writer& writer) -> Result<std::uint64_t> {
    HF_TRY(const auto waiting, writer.select(
                                   kWaiting,
                                   [](const db::Row& row) {
                                     return Waiting{row.int64(0), hash_of(row.blob(1))};
                                   },
                                   kBatch));
    if (waiting.empty()) return std::uint64_t{0};
    const Store store(writer);
    HF_TRY(const auto size, store.size());

    std::vector<Hash> leaves;
    for (const auto& item : waiting) leaves.push_back(item.leaf);
    HF_TRY(auto completed, completed_nodes(store.nodes(), size, leaves));

    std::vector<db::Value> leaf_rows, node_rows, outbox_rows;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      const auto index = std::int64_t(size + i);
      leaf_rows.insert(leaf_rows.end(), {index, waiting[i].entry});
      node_rows.insert(node_rows.end(), {std::int64_t{0}, index, db::to_value(leaves[i])});
      outbox_rows.push_back(waiting[i].entry);
    }
    for (const auto& node : completed)
      node_rows.insert(node_rows.end(),
                       {std::int64_t(node.level), std::int64_t(node.position), db::to_value(node.hash)});
    HF_CHECK(writer.execute_many(kInsertLeaf, leaf_rows, 2));
    HF_CHECK(writer.execute_many(kInsertNode, node_rows, 3));
    HF_CHECK(writer.execute_many(kDeleteOutbox, outbox_rows, 1));
    return waiting.size();
  });
}

Result<std::uint64_t> Log::publish() {
  struct Heads {
    std::uint64_t size;
    Hash root;
    std::optional<PublishedCheckpoint> last;
    Hash root_at_last;
  };
  HF_TRY(const auto heads, database_.read([](const db::Reader& reader) -> Result<Heads> {
    const Store store(reader);
    HF_TRY(const auto size, store.size());
    HF_TRY(const auto root, root_at(store.nodes(), size));
    HF_TRY(auto last, store.latest_checkpoint());
    Hash root_at_last{};
    if (last && last->size <= size) {
      HF_TRY(root_at_last, root_at(store.nodes(), last->size));
    }
    return Heads{size, root, std::move(last), root_at_last};
  }));
  if (heads.last) {
    HF_TRY(const auto key, verifier_key());
    HF_TRY(const auto signed_head, open_checkpoint(heads.last->note, std::span(&key, 1)));
    if (signed_head.size > heads.size || signed_head.root != heads.root_at_last)
      return fail(
          ErrorKind::internal, "HF-LEDGER-0008",
          "the ledger no longer contains what its last checkpoint says; nothing more is signed. Restore a backup and "
          "run 'holdfast ledger verify'",
          "checkpoint of size " + std::to_string(signed_head.size));
    if (signed_head.size == heads.size) return heads.size;
  }
  if (heads.size == 0) return heads.size;
  HF_TRY(const auto note, sign_checkpoint({.origin = origin_, .size = heads.size, .root = heads.root}, keys_, key_));
  // The leaves are on the disk, and Ed25519 gives one signature for one text: a checkpoint that is lost with the power
  // is signed again as it was, and nobody holds one that the log does not contain.
  HF_CHECK(database_.write(
      [&](db::Writer& writer) {
        return writer.execute(kInsertCheckpoint, std::int64_t(heads.size), clock_.now(), note);
      },
      db::Durability::derived));
  return heads.size;
}

Result<std::uint64_t> Log::advance() {
  for (;;) {
    HF_TRY(const auto integrated, integrate());
    if (integrated < std::uint64_t(kBatch)) return publish();
  }
}

Result<TlogProof> Log::prove(EntryId id) {
  return database_.read([&](const db::Reader& reader) -> Result<TlogProof> {
    const Store store(reader);
    HF_TRY(const auto entry, store.entry(id));
    if (!entry) return fail(ErrorKind::not_found, "HF-LEDGER-0010", "the ledger has no entry with this id");
    HF_TRY(const auto checkpoint, store.latest_checkpoint());
    if (!entry->index || !checkpoint || checkpoint->size <= *entry->index)
      return fail(ErrorKind::unavailable, "HF-LEDGER-0009", "the entry is not published yet; ask again in a moment");
    HF_TRY(auto hashes, prove_inclusion(store.nodes(), *entry->index, checkpoint->size));
    return TlogProof{{}, *entry->index, std::move(hashes), checkpoint->note};
  });
}

Result<VerifierKey> Log::verifier_key() {
  HF_TRY(const auto key, keys_.public_key(key_));
  return VerifierKey::of(origin_, key);
}

}  // namespace hf::ledger
