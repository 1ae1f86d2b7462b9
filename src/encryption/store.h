// All SQL of encryption.
#pragma once

#include "encryption/types.h"
#include "ledger/transaction.h"

namespace hf::encryption {

class Store {
 public:
  explicit Store(const db::Reader& reader) : db_(reader) {}

  [[nodiscard]] Result<std::optional<EncryptionKey>> key(std::string_view name) const;
  [[nodiscard]] Result<std::vector<EncryptionKey>> keys() const;
  [[nodiscard]] Result<std::vector<Permit>> permits(std::int64_t key_id) const;  // oldest first
  [[nodiscard]] Result<std::vector<Permit>> permits_of(std::int64_t key_id, std::string_view person) const;

  [[nodiscard]] Result<std::optional<Recipient>> recipient(std::string_view name) const;
  [[nodiscard]] Result<std::optional<Recipient>> recipient_with(std::string_view fingerprint) const;
  // Of a group, by name, revoked ones too.
  [[nodiscard]] Result<std::vector<Recipient>> recipients(std::string_view group) const;
  // By group and name, after these.
  [[nodiscard]] Result<std::vector<Recipient>> recipients_after(std::string_view group, std::string_view name,
                                                                std::int64_t limit) const;

  [[nodiscard]] Result<std::optional<ContentKey>> content_key(std::string_view artifact_sha256) const;
  // At most two digests that begin so.
  [[nodiscard]] Result<std::vector<std::string>> artifacts_from(std::string_view beginning) const;
  [[nodiscard]] Result<std::vector<ContentKey>> content_keys(std::int64_t before,
                                                             std::int64_t limit) const;  // newest first
  [[nodiscard]] Result<std::vector<Use>> uses(std::int64_t content_key_id) const;
  [[nodiscard]] Result<std::vector<Exposure>> exposures(std::int64_t recipient_id) const;  // oldest first

 private:
  const db::Reader& db_;
};

Result<void> insert_key(ledger::Transaction& transaction, ledger::EntryId entry, const EncryptionKey& key);
Result<void> insert_permit(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_id,
                           const Permit& permit);
Result<void> insert_recipient(ledger::Transaction& transaction, ledger::EntryId entry, const Recipient& recipient);
Result<void> insert_revocation(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t recipient_id,
                               std::string_view reason);
Result<void> insert_content_key(ledger::Transaction& transaction, ledger::EntryId entry, const ContentKey& key);
Result<std::int64_t> insert_use(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t content_key_id,
                                const Use& use);
Result<void> insert_wraps(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t use_id,
                          std::span<const Recipient> recipients);

}  // namespace hf::encryption
