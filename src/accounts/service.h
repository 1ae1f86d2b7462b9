// Use cases of accounts: set-up, signing in and out, users, API tokens.
//
// Every method that changes state writes one ledger transaction. Secrets (passwords, session and API tokens) leave a
// method once, as crypto::Secret, and are kept only hashed.
#pragma once

#include <mutex>
#include <semaphore>

#include "accounts/credentials.h"
#include "accounts/permissions.h"
#include "accounts/store.h"
#include "crypto/password.h"
#include "crypto/secret.h"

namespace hf::accounts {

struct Settings {
  std::chrono::hours session_max{12};  // however busy
  std::chrono::minutes session_idle{30};
  std::size_t sessions_per_account = 20;  // a new one ends the oldest
  std::chrono::hours setup_valid{24};
  std::chrono::hours token_default{24 * 90};
  std::chrono::hours token_max{24 * 366};
  // NIST SP 800-63B-4 section 3.1.1.2: 15 characters where the password is the only factor; no rules of composition.
  std::size_t password_min = 15;
  crypto::PasswordCost password_cost{};
  // Failed sign-ins within the window; NIST SP 800-63B-4 section 3.2.2 allows at most 100 an account.
  std::chrono::minutes failure_window{15};
  std::int64_t failures_per_account_and_address = 5;
  std::int64_t failures_per_account = 100;
  std::int64_t failures_per_address = 50;
  int hashing_at_once = 2;  // each takes 64 MiB and most of a core for 0.1 s
};

struct NewAccount {
  std::string name, password;
  std::optional<std::string> email{};
  std::vector<std::string> roles{};
};

struct AccountChange {
  std::optional<std::vector<std::string>> roles{};
  std::optional<bool> disabled{};
  std::optional<std::string> password{};
  std::optional<std::string> email{};
};

struct SignedIn {
  Session session;
  crypto::Secret token;  // for the cookie
};

struct NewToken {
  std::string name;
  std::vector<std::string> scopes;
  std::optional<Time> expires_at{};
  // SHA-256 fingerprint of a TLS client certificate, hex, with or without colons: whoever proves its key is the
  // token's holder, and there is no secret.
  std::optional<std::string> certificate_sha256{};
};

struct CreatedToken {
  ApiToken token;
  std::optional<crypto::Secret> secret;  // "hft_..."; shown once
};

// Text of a token as it is kept.
[[nodiscard]] crypto::Sha256 digest_of_token(std::string_view token);
// Bound to the session and derived from its token, so it is not kept: base64url of HMAC-SHA-256(token, "csrf").
[[nodiscard]] std::string csrf_token(std::string_view session_token);

class Service {
 public:
  Service(db::Database& database, const Clock& clock, Settings settings = {});

  // While there is no account: a new token for the one-time set-up link, which ends any earlier one. Else nothing.
  Result<std::optional<crypto::Secret>> setup_link();
  // Makes the first administrator. HF-ACCOUNT-0001 wrong, used or expired token; HF-ACCOUNT-0002 set up already.
  // `account.roles` may add roles that go with administrator.
  Result<Account> set_up(std::string_view token, const NewAccount& account);

  // HF-ACCOUNT-0010 for whatever does not fit, without a hint what; HF-ACCOUNT-0011 after too many failures;
  // HF-ACCOUNT-0012 while too many others sign in.
  Result<SignedIn> sign_in(std::string_view name, std::string_view password, std::string_view address);
  // The session of a cookie, if it is running: not ended, not expired, not idle, account not disabled.
  Result<std::optional<Session>> session(std::string_view token);
  Result<void> sign_out(const Session& session);
  // Ends the account's other sessions. HF-ACCOUNT-0010 if `current` is wrong; throttled like signing in.
  Result<void> change_own_password(const Session& session, std::string_view current, const std::string& next,
                                   std::string_view address);

  // HF-ACCOUNT-0003 roles, -0004 name, -0005 password, -0006 e-mail, -0007 the name is taken.
  Result<Account> create(const ledger::Actor& actor, const NewAccount& account);
  // A new password or `disabled` ends the sessions. HF-ACCOUNT-0008: nobody changes their own roles or disables
  // themselves, and one active administrator stays. HF-ACCOUNT-0009 no such account.
  Result<Account> change(const ledger::Actor& actor, AccountId id, const AccountChange& change);
  Result<Account> account(AccountId id);
  Result<std::vector<Account>> accounts(AccountId after, std::int64_t limit);

  // HF-ACCOUNT-0013 name, scopes (each one of the owner's permissions), expiry or fingerprint out of bounds;
  // HF-ACCOUNT-0015 the certificate was registered before: a revoked one does not come back.
  Result<CreatedToken> create_token(const ledger::Actor& actor, AccountId owner, const NewToken& token);
  // The token of a bearer credential, if it holds now.
  Result<std::optional<ApiToken>> token(std::string_view secret);
  // The token of a client certificate, if it holds now. The caller has seen the certificate verified.
  Result<std::optional<ApiToken>> token_of_certificate(std::string_view sha256);
  // HF-ACCOUNT-0014 no such token, or not one of `owner` where one is given.
  Result<void> revoke_token(const ledger::Actor& actor, ApiTokenId id, std::optional<AccountId> owner);
  // Of `owner`, or all.
  Result<std::vector<ApiToken>> tokens(std::optional<AccountId> owner, ApiTokenId after, std::int64_t limit);

  [[nodiscard]] CredentialBook credentials() const { return {database_, clock_}; }
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  Result<std::string> hash(std::string_view password);
  Result<void> check_password_rules(std::string_view name, std::string_view password) const;
  Result<void> check_throttle(std::string_view name, std::string_view address);
  Result<void> note_failure(std::string_view name, std::string_view address);
  Result<std::optional<ApiToken>> valid_token(const crypto::Sha256& digest);
  // Compares without telling by its time whether there is such an account.
  Result<crypto::PasswordMatch> compare(const std::optional<Credentials>& known, std::string_view password);

  db::Database& database_;
  const Clock& clock_;
  const Settings settings_;
  std::counting_semaphore<64> hashing_;
  std::once_flag decoy_made_;
  std::string decoy_;  // PHC text of a password that nobody knows
};

}  // namespace hf::accounts
