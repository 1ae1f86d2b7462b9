// Accounts, sessions and tokens as values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id.h"

namespace hf::accounts {

struct AccountKind;
struct SessionKind;
struct ApiTokenKind;
using AccountId = Id<AccountKind>;
using SessionId = Id<SessionKind>;
using ApiTokenId = Id<ApiTokenKind>;

// How evidence and logs name them: no personal data.
[[nodiscard]] inline std::string subject_of(AccountId id) { return "user:" + std::to_string(id.value); }
[[nodiscard]] inline std::string subject_of(SessionId id) { return "session:" + std::to_string(id.value); }
[[nodiscard]] inline std::string subject_of(ApiTokenId id) { return "token:" + std::to_string(id.value); }

struct Account {
  AccountId id;
  std::string name;
  std::optional<std::string> email;
  std::vector<std::string> roles;  // sorted
  bool disabled = false;
  Time created_at, changed_at;
};

struct Session {
  SessionId id;
  Account account;
  Time created_at, expires_at, seen_at;
};

struct ApiToken {
  ApiTokenId id;
  Account account;  // whose token it is: it may do what is in its scopes and in the account's roles
  std::string name;
  std::vector<std::string> scopes;  // permissions, sorted
  Time created_at, expires_at;
  std::optional<Time> revoked_at, seen_at;
  std::optional<std::string> certificate_sha256{};  // its holder proves a TLS client key instead of sending a secret
};

}  // namespace hf::accounts
