#include "accounts/denial_store.h"

#include "crypto/hmac.h"
#include "crypto/random.h"

namespace hf::accounts {
namespace {

const db::Query kInsert{"accounts.insert_denied_attempt", R"sql(
    INSERT INTO denied_attempt (denied_id, entry_id, principal, address, salt, origin, method, path, code, attempts, first_at, last_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))sql"};
const ledger::ProvenTable kTable{"denied_attempt", "denied_id",
                                 "denied_id, principal, origin, method, path, code, attempts, first_at, last_at"};

}  // namespace

Result<void> insert_denied_attempts(ledger::Transaction& transaction, const DeniedAttempts& a, bool one_principal) {
  const auto& writer = transaction.db();
  const auto salt = crypto::random_bytes(32);
  const auto origin = to_hex(crypto::hmac_sha256(salt, bytes_of(a.address)));
  HF_TRY(const auto id, writer.next_id());
  std::vector<std::string> subjects{"denied:" + std::to_string(id)};
  if (one_principal && !a.principal.empty()) subjects.push_back(a.principal);
  HF_TRY(const auto entry,
         transaction.append("access.denied", std::move(subjects),
                            {{"attempts", a.count}, {"code", a.code}, {"method", a.method}, {"path", a.path}}));
  HF_CHECK(writer.execute(kInsert, id, entry, a.principal, a.address, salt, origin, a.method, a.path, a.code, a.count,
                          a.first_at, a.last_at));
  return transaction.prove(entry, kTable, id);
}

}  // namespace hf::accounts
