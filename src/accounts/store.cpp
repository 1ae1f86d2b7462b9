#include "accounts/store.h"

#include "accounts/permissions.h"
#include "base/text.h"
#include "crypto/hmac.h"
#include "crypto/random.h"

namespace hf::accounts {
namespace {

const db::Query kCount{"accounts.count", "SELECT COUNT(*) FROM account"};
// Roles stand between commas, so a name is found whole. Accounts are people: a scan of them is short.
const db::Query kAdministrators{"accounts.active_administrators", R"sql(
    SELECT COUNT(*) FROM account WHERE disabled = 0 AND ',' || roles || ',' LIKE '%,administrator,%')sql"};
const db::Query kList{"accounts.list", R"sql(
    SELECT account_id, name, email, roles, disabled, created_at, changed_at
      FROM account WHERE account_id > $1 ORDER BY account_id LIMIT $2)sql"};
const db::Query kFind{"accounts.find", R"sql(
    SELECT account_id, name, email, roles, disabled, created_at, changed_at, password FROM account WHERE account_id = $1)sql"};
const db::Query kByName{"accounts.by_name", R"sql(
    SELECT account_id, name, email, roles, disabled, created_at, changed_at, password FROM account WHERE name = $1)sql"};
const db::Query kSalt{"accounts.salt", "SELECT salt FROM account WHERE account_id = $1"};
const db::Query kInsert{"accounts.insert", R"sql(
    INSERT INTO account (account_id, entry_id, name, email, salt, personal, password, roles, disabled, created_at, changed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $9))sql"};
const db::Query kUpdate{"accounts.update", R"sql(
    UPDATE account SET entry_id = $2, email = $3, personal = $4, password = $5, roles = $6, disabled = $7, changed_at = $8
     WHERE account_id = $1)sql"};

const db::Query kOpenSession{"accounts.open_session", R"sql(
    SELECT a.account_id, a.name, a.email, a.roles, a.disabled, a.created_at, a.changed_at,
           s.session_id, s.created_at, s.expires_at, s.seen_at
      FROM session AS s JOIN account AS a ON a.account_id = s.account_id
     WHERE s.token_sha256 = $1 AND s.ended_at IS NULL)sql"};
const db::Query kOpenSessions{"accounts.open_sessions", R"sql(
    SELECT session_id FROM session WHERE account_id = $1 AND ended_at IS NULL ORDER BY session_id)sql"};
const db::Query kInsertSession{"accounts.insert_session", R"sql(
    INSERT INTO session (session_id, entry_id, account_id, token_sha256, created_at, expires_at, seen_at)
    VALUES ($1, $2, $3, $4, $5, $6, $5))sql"};
const db::Query kEndSession{
    "accounts.end_session",
    "UPDATE session SET entry_id = $2, ended_at = $3 WHERE session_id = $1 AND ended_at IS NULL"};
const db::Query kSeenSession{"accounts.seen_session",
                             "UPDATE session SET seen_at = $2 WHERE session_id = $1 AND seen_at < $2"};

const db::Query kToken{"accounts.token", R"sql(
    SELECT a.account_id, a.name, a.email, a.roles, a.disabled, a.created_at, a.changed_at,
           t.token_id, t.name, t.scopes, t.created_at, t.expires_at, t.revoked_at, t.seen_at, t.certificate_sha256
      FROM api_token AS t JOIN account AS a ON a.account_id = t.account_id WHERE t.token_sha256 = $1)sql"};
const db::Query kTokenById{"accounts.token_by_id", R"sql(
    SELECT a.account_id, a.name, a.email, a.roles, a.disabled, a.created_at, a.changed_at,
           t.token_id, t.name, t.scopes, t.created_at, t.expires_at, t.revoked_at, t.seen_at, t.certificate_sha256
      FROM api_token AS t JOIN account AS a ON a.account_id = t.account_id WHERE t.token_id = $1)sql"};
const db::Query kTokensOf{"accounts.tokens_of", R"sql(
    SELECT a.account_id, a.name, a.email, a.roles, a.disabled, a.created_at, a.changed_at,
           t.token_id, t.name, t.scopes, t.created_at, t.expires_at, t.revoked_at, t.seen_at, t.certificate_sha256
      FROM api_token AS t JOIN account AS a ON a.account_id = t.account_id
     WHERE t.account_id = $1 AND t.token_id > $2 ORDER BY t.token_id LIMIT $3)sql"};
const db::Query kTokens{"accounts.tokens", R"sql(
    SELECT a.account_id, a.name, a.email, a.roles, a.disabled, a.created_at, a.changed_at,
           t.token_id, t.name, t.scopes, t.created_at, t.expires_at, t.revoked_at, t.seen_at, t.certificate_sha256
      FROM api_token AS t JOIN account AS a ON a.account_id = t.account_id
     WHERE t.token_id > $1 ORDER BY t.token_id LIMIT $2)sql"};
const db::Query kInsertToken{"accounts.insert_token", R"sql(
    INSERT INTO api_token (token_id, entry_id, account_id, name, token_sha256, scopes, created_at, expires_at, certificate_sha256)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};
const db::Query kRevokeToken{
    "accounts.revoke_token",
    "UPDATE api_token SET entry_id = $2, revoked_at = $3 WHERE token_id = $1 AND revoked_at IS NULL"};
const db::Query kSeenToken{"accounts.seen_token", "UPDATE api_token SET seen_at = $2 WHERE token_id = $1"};

const db::Query kNewestLink{"accounts.newest_setup_link", R"sql(
    SELECT setup_id, token_sha256, expires_at, used_at FROM setup_link ORDER BY setup_id DESC LIMIT 1)sql"};
const db::Query kInsertLink{"accounts.insert_setup_link", R"sql(
    INSERT INTO setup_link (setup_id, entry_id, token_sha256, created_at, expires_at) VALUES ($1, $2, $3, $4, $5))sql"};
const db::Query kUseLink{"accounts.use_setup_link",
                         "UPDATE setup_link SET entry_id = $2, used_at = $3 WHERE setup_id = $1"};

const db::Query kFailures{"accounts.failures",
                          "SELECT failures FROM login_failure WHERE subject = $1 AND window_start > $2"};
const db::Query kCountFailure{"accounts.count_failure", R"sql(
    INSERT INTO login_failure (subject, failures, window_start) VALUES ($1, 1, $2)
    ON CONFLICT (subject) DO UPDATE SET
      failures = CASE WHEN login_failure.window_start > $3 THEN login_failure.failures + 1 ELSE 1 END,
      window_start = CASE WHEN login_failure.window_start > $3 THEN login_failure.window_start ELSE excluded.window_start END)sql"};
const db::Query kForget{"accounts.forget_failures", "DELETE FROM login_failure WHERE subject = $1"};
const db::Query kForgetBefore{"accounts.forget_failures_before", "DELETE FROM login_failure WHERE window_start <= $1"};

const ledger::ProvenTable kAccountTable{"account", "account_id",
                                        "account_id, personal, password, roles, disabled, created_at, changed_at"};
const ledger::ProvenTable kSessionTable{"session", "session_id",
                                        "session_id, account_id, token_sha256, created_at, expires_at, ended_at"};
const ledger::ProvenTable kTokenTable{"api_token", "token_id",
                                      "token_id, account_id, token_sha256, scopes, created_at, expires_at, revoked_at"};
const ledger::ProvenTable kLinkTable{"setup_link", "setup_id",
                                     "setup_id, token_sha256, created_at, expires_at, used_at"};

Account read_account(const db::Row& row) {
  return {AccountId{row.int64(0)},
          row.string(1),
          row.string_or_none(2),
          parts(row.text(3)),
          row.int64(4) != 0,
          row.time(5),
          row.time(6)};
}
Credentials read_credentials(const db::Row& row) { return {read_account(row), row.string(7)}; }
Session read_session(const db::Row& row) {
  return {SessionId{row.int64(7)}, read_account(row), row.time(8), row.time(9), row.time(10)};
}
ApiToken read_token(const db::Row& row) {
  return {ApiTokenId{row.int64(7)}, read_account(row),    row.string(8),
          parts(row.text(9)),       row.time(10),         row.time(11),
          row.time_or_none(12),     row.time_or_none(13), row.string_or_none(14)};
}

// The commitment: without the salt, which goes when the fields are erased, nobody can tell whose it was.
Result<std::string> personal_of(ByteView salt, std::string_view name, const std::optional<std::string>& email) {
  JsonObject fields{{"name", name}, {"email", nullptr}};
  if (email) fields["email"] = *email;
  HF_TRY(const auto text, canonical_json(fields));
  return to_hex(crypto::hmac_sha256(salt, bytes_of(text)));
}

}  // namespace

Result<std::int64_t> Store::count() const { return db_.number(kCount); }
Result<std::int64_t> Store::active_administrators() const { return db_.number(kAdministrators); }
Result<std::vector<Account>> Store::list(AccountId after, std::int64_t limit) const {
  return db_.select(kList, read_account, after, limit);
}
Result<std::optional<Account>> Store::find(AccountId id) const { return db_.find(kFind, read_account, id); }
Result<std::optional<Credentials>> Store::by_name(std::string_view name) const {
  return db_.find(kByName, read_credentials, name);
}
Result<std::optional<Credentials>> Store::credentials(AccountId id) const {
  return db_.find(kFind, read_credentials, id);
}

Result<std::optional<Session>> Store::open_session(const crypto::Sha256& token) const {
  return db_.find(kOpenSession, read_session, token);
}
Result<std::vector<SessionId>> Store::open_sessions(AccountId account) const {
  return db_.select(
      kOpenSessions, [](const db::Row& row) { return SessionId{row.int64(0)}; }, account);
}

Result<std::optional<ApiToken>> Store::token(const crypto::Sha256& token) const {
  return db_.find(kToken, read_token, token);
}
Result<std::optional<ApiToken>> Store::token(ApiTokenId id) const { return db_.find(kTokenById, read_token, id); }
Result<std::vector<ApiToken>> Store::tokens_of(AccountId account, ApiTokenId after, std::int64_t limit) const {
  return db_.select(kTokensOf, read_token, account, after, limit);
}
Result<std::vector<ApiToken>> Store::tokens(ApiTokenId after, std::int64_t limit) const {
  return db_.select(kTokens, read_token, after, limit);
}

Result<std::optional<SetupLink>> Store::newest_setup_link() const {
  return db_.find(kNewestLink, [](const db::Row& row) {
    const auto hash = row.blob(1);
    return SetupLink{row.int64(0), Bytes(hash.begin(), hash.end()), row.time(2), row.time_or_none(3)};
  });
}

Result<std::int64_t> Store::failures(std::string_view subject, Time since) const {
  return db_.number(kFailures, subject, since);
}

Result<void> insert_account(ledger::Transaction& transaction, ledger::EntryId entry, AccountId id,
                            const NewAccountRow& row) {
  const auto& writer = transaction.db();
  const auto salt = crypto::random_bytes(32);
  HF_TRY(const auto personal, personal_of(salt, row.name, row.email));
  HF_CHECK(writer.execute(kInsert, id, entry, row.name, row.email, salt, personal, row.password, join(row.roles),
                          transaction.now()));
  return transaction.prove(entry, kAccountTable, id.value);
}

Result<void> update_account(ledger::Transaction& transaction, ledger::EntryId entry, const Account& account,
                            const std::string& password) {
  const auto& writer = transaction.db();
  HF_TRY(const auto salt,
         writer.find(
             kSalt, [](const db::Row& row) { return Bytes(row.blob(0).begin(), row.blob(0).end()); }, account.id));
  HF_TRY(const auto personal, personal_of(salt.value_or(Bytes{}), account.name, account.email));
  HF_CHECK(writer.execute(kUpdate, account.id, entry, account.email, personal, password, join(account.roles),
                          account.disabled, transaction.now()));
  return transaction.prove(entry, kAccountTable, account.id.value);
}

Result<SessionId> insert_session(ledger::Transaction& transaction, ledger::EntryId entry, AccountId account,
                                 const crypto::Sha256& token, Time expires_at) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertSession, id, entry, account, token, transaction.now(), expires_at));
  HF_CHECK(transaction.prove(entry, kSessionTable, id));
  return SessionId{id};
}

Result<void> end_session(ledger::Transaction& transaction, ledger::EntryId entry, SessionId id) {
  HF_CHECK(transaction.db().execute(kEndSession, id, entry, transaction.now()));
  return transaction.prove(entry, kSessionTable, id.value);
}

Result<void> insert_token(ledger::Transaction& transaction, ledger::EntryId entry, const ApiToken& token,
                          const crypto::Sha256& digest) {
  HF_CHECK(transaction.db().execute(kInsertToken, token.id, entry, token.account.id, token.name, digest,
                                    join(token.scopes), token.created_at, token.expires_at, token.certificate_sha256));
  return transaction.prove(entry, kTokenTable, token.id.value);
}

Result<void> revoke_token(ledger::Transaction& transaction, ledger::EntryId entry, ApiTokenId id) {
  HF_CHECK(transaction.db().execute(kRevokeToken, id, entry, transaction.now()));
  return transaction.prove(entry, kTokenTable, id.value);
}

Result<void> insert_setup_link(ledger::Transaction& transaction, ledger::EntryId entry, const crypto::Sha256& token,
                               Time expires_at) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertLink, id, entry, token, transaction.now(), expires_at));
  return transaction.prove(entry, kLinkTable, id);
}

Result<void> use_setup_link(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t id) {
  HF_CHECK(transaction.db().execute(kUseLink, id, entry, transaction.now()));
  return transaction.prove(entry, kLinkTable, id);
}

Result<void> mark_seen(const db::Writer& writer, SessionId id, Time now) {
  HF_CHECK(writer.execute(kSeenSession, id, now));
  return {};
}

Result<void> mark_seen(const db::Writer& writer, ApiTokenId id, Time now) {
  HF_CHECK(writer.execute(kSeenToken, id, now));
  return {};
}

Result<void> count_failure(const db::Writer& writer, std::string_view subject, Time now, Time window_began) {
  HF_CHECK(writer.execute(kCountFailure, subject, now, window_began));
  return {};
}

Result<void> forget_failures(const db::Writer& writer, std::string_view subject) {
  HF_CHECK(writer.execute(kForget, subject));
  return {};
}

Result<void> forget_failures_before(const db::Writer& writer, Time window_began) {
  HF_CHECK(writer.execute(kForgetBefore, window_began));
  return {};
}

}  // namespace hf::accounts
