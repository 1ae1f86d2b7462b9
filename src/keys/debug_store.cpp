#include "keys/debug_store.h"

namespace hf::keys {
namespace {

const db::Query kClosing{"keys.debug_closing", R"sql(
    SELECT person, locked, attestation_sha256, note, closed_at, entry_id FROM debug_closing WHERE request_id = $1)sql"};
const db::Query kInsertClosing{"keys.insert_debug_closing", R"sql(
    INSERT INTO debug_closing (closing_id, entry_id, request_id, person, locked, attestation_sha256, note, closed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};

const ledger::ProvenTable kClosingTable{"debug_closing", "closing_id",
                                        "closing_id, request_id, person, locked, attestation_sha256, note, closed_at"};

}  // namespace

Result<std::optional<DebugClosing>> closing_of(const db::Reader& reader, std::int64_t request_id) {
  return reader.find(
      kClosing,
      [](const db::Row& row) {
        return DebugClosing{row.string(0), row.string(1) == "yes", row.string(2), row.string(3), row.time(4),
                            row.int64(5)};
      },
      request_id);
}

Result<void> insert_closing(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t request_id,
                            const DebugClosing& closing) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertClosing, id, entry, request_id, closing.person, closing.locked ? "yes" : "no",
                      closing.attestation_sha256, closing.note, transaction.now()));
  return transaction.prove(entry, kClosingTable, id);
}

}  // namespace hf::keys
