#include "keys/glass_store.h"

namespace hf::keys {
namespace {

const db::Query kGlass{"keys.broken_glass", R"sql(
    SELECT b.signed_at, b.due_at, g.ratified_at
      FROM broken_glass AS b LEFT JOIN glass_ratification AS g ON g.request_id = b.request_id AND g.ratified_at <= $2
     WHERE b.request_id = $1 AND b.signed_at <= $2)sql"};
const db::Query kUnratified{"keys.unratified", R"sql(
    SELECT (SELECT r.digest FROM signing_request AS r WHERE r.request_id = b.request_id) FROM broken_glass AS b
     WHERE b.signed_at <= $1
       AND (SELECT COUNT(*) FROM glass_ratification AS g WHERE g.request_id = b.request_id AND g.ratified_at <= $1) = 0
     ORDER BY b.due_at, b.request_id LIMIT $2)sql"};
const db::Query kInsertGlass{
    "keys.insert_broken_glass",
    "INSERT INTO broken_glass (request_id, entry_id, signed_at, due_at) VALUES ($1, $2, $3, $4)"};
const db::Query kInsertRatification{
    "keys.insert_ratification",
    "INSERT INTO glass_ratification (request_id, entry_id, ratified_at) VALUES ($1, $2, $3)"};

const ledger::ProvenTable kGlassTable{"broken_glass", "request_id", "request_id, signed_at, due_at"};
const ledger::ProvenTable kRatificationTable{"glass_ratification", "request_id", "request_id, ratified_at"};

}  // namespace

Result<std::optional<StoredGlass>> GlassStore::of(std::int64_t request_id) const {
  return db_.find(
      kGlass,
      [](const db::Row& row) {
        StoredGlass glass{row.time(0), row.time(1), {}};
        if (const auto at = row.int64_or_none(2)) glass.ratified_at = time_of(*at);
        return glass;
      },
      request_id, until_);
}

Result<std::vector<std::string>> GlassStore::unratified(std::int64_t limit) const {
  return db_.select(
      kUnratified, [](const db::Row& row) { return row.string(0); }, until_, limit);
}

Result<void> insert_broken_glass(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t request_id,
                                 Time due) {
  HF_TRY(const auto there, GlassStore(transaction.db()).of(request_id));
  if (there) return {};
  HF_CHECK(transaction.db().execute(kInsertGlass, request_id, entry, transaction.now(), due));
  return transaction.prove(entry, kGlassTable, request_id);
}

Result<void> insert_ratification(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t request_id) {
  HF_CHECK(transaction.db().execute(kInsertRatification, request_id, entry, transaction.now()));
  return transaction.prove(entry, kRatificationTable, request_id);
}

}  // namespace hf::keys
