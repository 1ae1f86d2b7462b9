#include "accounts/credential_store.h"

namespace hf::accounts {
namespace {

const db::Query kOf{"accounts.credentials_of", R"sql(
    SELECT account_credential_id, account_id, name, credential_id, rp_id, origin, spki, attestation, backed_up, registered_at, removed_at, entry_id
      FROM account_credential WHERE account_id = $1 AND account_credential_id > $2 ORDER BY account_credential_id LIMIT $3)sql"};
const db::Query kFind{"accounts.credential", R"sql(
    SELECT account_credential_id, account_id, name, credential_id, rp_id, origin, spki, attestation, backed_up, registered_at, removed_at, entry_id
      FROM account_credential WHERE account_credential_id = $1)sql"};
const db::Query kIsKnown{"accounts.credential_is_known",
                         "SELECT COUNT(*) FROM account_credential WHERE credential_id = $1"};
const db::Query kIdsOf{"accounts.credential_ids_of", R"sql(
    SELECT credential_id FROM account_credential WHERE account_id = $1 AND removed_at IS NULL ORDER BY account_credential_id LIMIT $2)sql"};
const db::Query kInsert{"accounts.insert_credential", R"sql(
    INSERT INTO account_credential (account_credential_id, entry_id, account_id, name, credential_id, rp_id, origin, spki, attestation, backed_up,
                                    registered_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))sql"};
const db::Query kRemove{"accounts.remove_credential",
                        "UPDATE account_credential SET entry_id = $2, removed_at = $3 WHERE account_credential_id = $1 "
                        "AND removed_at IS NULL"};

// Without the name: it may be personal, and is only for its owner.
const ledger::ProvenTable kTable{
    "account_credential", "account_credential_id",
    "account_credential_id, account_id, credential_id, rp_id, origin, spki, attestation, backed_up, registered_at, "
    "removed_at"};

struct Row {
  Credential credential;
  std::string spki;
};
Row row_of(const db::Row& row) {
  Row read;
  auto& one = read.credential;
  one.id = CredentialId{row.int64(0)}, one.account = AccountId{row.int64(1)}, one.name = row.string(2);
  one.credential_id = row.string(3), one.rp_id = row.string(4), one.origin = row.string(5), read.spki = row.string(6);
  one.self_attested = row.text(7) == "self", one.backed_up = row.int64(8) != 0, one.registered_at = row.time(9);
  one.removed_at = row.time_or_none(10), one.entry = row.int64(11);
  return read;
}
Result<Credential> with_key(Row row) {
  HF_TRY(row.credential.key, crypto::public_key_of_spki(from_hex(row.spki).value_or(Bytes())));
  return std::move(row.credential);
}

}  // namespace

Result<std::vector<Credential>> CredentialStore::of(AccountId account, CredentialId after, std::int64_t limit) const {
  HF_TRY(auto rows, db_.select(kOf, row_of, account, after, limit));
  std::vector<Credential> list;
  for (auto& row : rows) {
    HF_TRY(auto one, with_key(std::move(row)));
    list.push_back(std::move(one));
  }
  return list;
}

Result<std::optional<Credential>> CredentialStore::find(CredentialId id) const {
  HF_TRY(auto row, db_.find(kFind, row_of, id));
  if (!row) return std::optional<Credential>();
  HF_TRY(auto one, with_key(*std::move(row)));
  return std::optional(std::move(one));
}

Result<bool> CredentialStore::is_known(std::string_view credential_id) const {
  HF_TRY(const auto count, db_.number(kIsKnown, credential_id));
  return count > 0;
}

Result<std::vector<std::string>> CredentialStore::ids_of(AccountId account, std::int64_t limit) const {
  return db_.select(
      kIdsOf, [](const db::Row& row) { return row.string(0); }, account, limit);
}

Result<void> insert_credential(ledger::Transaction& transaction, ledger::EntryId entry, const Credential& one) {
  HF_CHECK(transaction.db().execute(kInsert, one.id, entry, one.account, one.name, one.credential_id, one.rp_id,
                                    one.origin, to_hex(crypto::to_spki(one.key)), one.self_attested ? "self" : "none",
                                    one.backed_up, one.registered_at));
  return transaction.prove(entry, kTable, one.id.value);
}

Result<void> remove_credential(ledger::Transaction& transaction, ledger::EntryId entry, CredentialId id) {
  HF_CHECK(transaction.db().execute(kRemove, id, entry, transaction.now()));
  return transaction.prove(entry, kTable, id.value);
}

}  // namespace hf::accounts
