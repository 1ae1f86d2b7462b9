// All SQL of accounts, sessions, tokens and set-up links.
#pragma once

#include "accounts/types.h"
#include "crypto/sha256.h"
#include "ledger/transaction.h"

namespace hf::accounts {

struct Credentials {
  Account account;
  std::string password;  // PHC text
};

struct SetupLink {
  std::int64_t id;
  Bytes token_sha256;
  Time expires_at;
  std::optional<Time> used_at;
};

class Store {
 public:
  explicit Store(const db::Reader& reader) : db_(reader) {}
  [[nodiscard]] Result<std::int64_t> count() const;
  [[nodiscard]] Result<std::int64_t> active_administrators() const;
  [[nodiscard]] Result<std::vector<Account>> list(AccountId after, std::int64_t limit) const;
  [[nodiscard]] Result<std::optional<Account>> find(AccountId id) const;
  [[nodiscard]] Result<std::optional<Credentials>> by_name(std::string_view name) const;
  [[nodiscard]] Result<std::optional<Credentials>> credentials(AccountId id) const;

  [[nodiscard]] Result<std::optional<Session>> open_session(
      const crypto::Sha256& token) const;                                               // not ended; may be over
  [[nodiscard]] Result<std::vector<SessionId>> open_sessions(AccountId account) const;  // oldest first

  [[nodiscard]] Result<std::optional<ApiToken>> token(const crypto::Sha256& token) const;
  [[nodiscard]] Result<std::optional<ApiToken>> token(ApiTokenId id) const;
  [[nodiscard]] Result<std::vector<ApiToken>> tokens_of(AccountId account, ApiTokenId after, std::int64_t limit) const;
  [[nodiscard]] Result<std::vector<ApiToken>> tokens(ApiTokenId after, std::int64_t limit) const;

  [[nodiscard]] Result<std::optional<SetupLink>> newest_setup_link() const;
  // Failures of `subject` in the window that began after `since`.
  [[nodiscard]] Result<std::int64_t> failures(std::string_view subject, Time since) const;

 private:
  const db::Reader& db_;
};

// Each writes its rows and adds their digests to the open entry.
struct NewAccountRow {
  std::string name;
  std::optional<std::string> email;
  std::string password;
  std::vector<std::string> roles;
};
Result<void> insert_account(ledger::Transaction& transaction, ledger::EntryId entry, AccountId id,
                            const NewAccountRow& row);
Result<void> update_account(ledger::Transaction& transaction, ledger::EntryId entry, const Account& account,
                            const std::string& password);

Result<SessionId> insert_session(ledger::Transaction& transaction, ledger::EntryId entry, AccountId account,
                                 const crypto::Sha256& token, Time expires_at);
Result<void> end_session(ledger::Transaction& transaction, ledger::EntryId entry, SessionId id);

// `digest` is what the token is found by.
Result<void> insert_token(ledger::Transaction& transaction, ledger::EntryId entry, const ApiToken& token,
                          const crypto::Sha256& digest);
Result<void> revoke_token(ledger::Transaction& transaction, ledger::EntryId entry, ApiTokenId id);

Result<void> insert_setup_link(ledger::Transaction& transaction, ledger::EntryId entry, const crypto::Sha256& token,
                               Time expires_at);
Result<void> use_setup_link(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t id);

// Not evidence, and so outside the ledger: when something was last seen, and failures to sign in, which are forgotten
// with their window.
Result<void> mark_seen(const db::Writer& writer, SessionId id, Time now);
Result<void> mark_seen(const db::Writer& writer, ApiTokenId id, Time now);
Result<void> count_failure(const db::Writer& writer, std::string_view subject, Time now, Time window_began);
Result<void> forget_failures(const db::Writer& writer, std::string_view subject);
Result<void> forget_failures_before(const db::Writer& writer, Time window_began);

}  // namespace hf::accounts
