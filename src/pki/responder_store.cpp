#include "pki/responder_store.h"

namespace hf::pki {
namespace {

const db::Query kResponder{"pki.ocsp_responder", R"sql(
    SELECT r.ca_id, a.name, r.key_name, r.certificate, r.grant_digest, r.product, r.hours, r.entry_id
      FROM certificate_authority AS a JOIN ocsp_responder AS r ON r.ca_id = a.ca_id
     WHERE a.name = $1 ORDER BY r.since DESC LIMIT 1)sql"};
const db::Query kInsertResponder{"pki.insert_ocsp_responder", R"sql(
    INSERT INTO ocsp_responder (responder_id, entry_id, ca_id, key_name, certificate, grant_digest, product, hours, since)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};

const ledger::ProvenTable kResponderTable{
    "ocsp_responder", "responder_id",
    "responder_id, ca_id, key_name, certificate, grant_digest, product, hours, since"};

}  // namespace

Result<std::optional<StoredResponder>> find_responder(const db::Reader& reader, std::string_view authority) {
  return reader.find(
      kResponder,
      [](const db::Row& row) {
        StoredResponder one;
        one.ca_id = row.int64(0), one.authority = row.string(1), one.key = row.string(2);
        one.certificate.assign(row.blob(3).begin(), row.blob(3).end());
        one.grant = row.string(4), one.product = row.string(5), one.hours = row.int64(6), one.entry = row.int64(7);
        return one;
      },
      authority);
}

Result<void> insert_responder(ledger::Transaction& transaction, ledger::EntryId entry, const StoredResponder& one) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertResponder, id, entry, one.ca_id, one.key, one.certificate, one.grant,
                                    one.product, one.hours, transaction.now()));
  return transaction.prove(entry, kResponderTable, id);
}

}  // namespace hf::pki
