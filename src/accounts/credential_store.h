// All SQL of people's WebAuthn credentials.
#pragma once

#include "accounts/credentials.h"

namespace hf::accounts {

class CredentialStore {
 public:
  explicit CredentialStore(const db::Reader& reader) : db_(reader) {}
  // Of the account, oldest first, removed ones too.
  [[nodiscard]] Result<std::vector<Credential>> of(AccountId account, CredentialId after, std::int64_t limit) const;
  [[nodiscard]] Result<std::optional<Credential>> find(CredentialId id) const;
  [[nodiscard]] Result<bool> is_known(std::string_view credential_id) const;  // registered once, by anyone
  // base64url ids of those that were not removed, at most `limit`.
  [[nodiscard]] Result<std::vector<std::string>> ids_of(AccountId account, std::int64_t limit) const;

 private:
  const db::Reader& db_;
};

Result<void> insert_credential(ledger::Transaction& transaction, ledger::EntryId entry, const Credential& credential);
Result<void> remove_credential(ledger::Transaction& transaction, ledger::EntryId entry, CredentialId id);

}  // namespace hf::accounts
