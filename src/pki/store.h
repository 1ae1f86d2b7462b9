// All SQL of certificate authorities: what they are, what they issued and what of it is revoked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/transaction.h"
#include "pki/issue.h"

namespace hf::pki {

struct StoredAuthority {
  std::int64_t id = 0;
  std::string name{};
  Bytes certificate{};  // DER
  std::string sha256{}, subject{}, key{};
  std::string profiles{};     // JSON documents
  std::string publication{};  // JSON
  std::int64_t shards = 1;
  Time created_at{};
  bool frozen = false;
  std::string state_reason{};
  Time state_since{};
  std::int64_t entry = 0;
};

struct StoredCertificate {
  std::int64_t id = 0, ca_id = 0;
  std::string serial{}, subject{}, spki_sha256{}, profile{}, product{};
  Time not_before{}, not_after{};
  Bytes der{};
  std::string sha256{};
  std::optional<std::int64_t> signature{};
  Time issued_at{};
  std::int64_t entry = 0;
};

// A serial number that a CA has used.
struct StoredSerial {
  std::string serial{};  // hex
  std::int64_t shard = 0;
  std::string subject_sha256{}, spki_sha256{};
  Time not_after{};
};

struct StoredRevocation {
  std::string serial{};
  std::int64_t shard = 0;
  unsigned reason = 0;  // CRLReason
  Time effective_at{}, not_after{}, recorded_at{};
};

struct StoredCrl {
  std::int64_t number = 0, shard = 0;
  Time this_update{}, next_update{};
  std::int64_t revoked = 0;
  std::int64_t signature = 0;
  Bytes der{};  // when it is made; not read again
};

// Certificates of one product that end in a span of time.
struct ExpiryCount {
  std::string product, profile;
  std::int64_t certificates = 0;
  Time first{}, last{};
};

class Store {
 public:
  explicit Store(const db::Reader& reader) : db_(reader) {}

  [[nodiscard]] Result<std::optional<StoredAuthority>> authority(std::string_view name) const;
  [[nodiscard]] Result<std::vector<StoredAuthority>> authorities() const;  // by name

  [[nodiscard]] Result<std::optional<StoredSerial>> serial(std::int64_t ca, std::string_view serial) const;
  // The subject that has the key already, if it is another one than this.
  [[nodiscard]] Result<bool> other_subject_has(std::string_view spki_sha256, std::string_view subject_sha256) const;

  [[nodiscard]] Result<std::optional<StoredCertificate>> certificate(std::int64_t ca, std::string_view serial) const;
  [[nodiscard]] Result<std::optional<StoredCertificate>> certificate_with(std::string_view sha256) const;
  // Newest first, with an id below `before`.
  [[nodiscard]] Result<std::vector<StoredCertificate>> certificates(std::int64_t ca, std::int64_t before,
                                                                    std::int64_t limit) const;
  // Those not revoked that end from `from` on and before `until`, by product and profile.
  [[nodiscard]] Result<std::vector<ExpiryCount>> expiring(std::int64_t ca, Time from, Time until) const;

  // The newest word on a serial number.
  [[nodiscard]] Result<std::optional<StoredRevocation>> revocation(std::int64_t ca, std::string_view serial) const;
  // The newest word on each serial number of a shard, by serial number.
  [[nodiscard]] Result<std::vector<StoredRevocation>> revocations(std::int64_t ca, std::int64_t shard) const;

  [[nodiscard]] Result<std::int64_t> newest_crl_number(std::int64_t ca) const;  // reserved or signed; 0: none
  [[nodiscard]] Result<std::optional<StoredCrl>> newest_crl(std::int64_t ca, std::int64_t shard) const;

 private:
  const db::Reader& db_;
};

// Why production of a product is on hold at every factory, whatever the batch; absent: it is not.
[[nodiscard]] Result<std::optional<std::string>> production_hold(const db::Reader& reader, std::string_view product);

Result<std::int64_t> insert_authority(ledger::Transaction& transaction, ledger::EntryId entry,
                                      const StoredAuthority& authority);  // HF-PKI-0015 if it is there
Result<void> insert_state(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ca, bool frozen,
                          std::string_view reason);
Result<void> insert_serial(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ca,
                           const StoredSerial& serial);
Result<void> insert_certificate(ledger::Transaction& transaction, ledger::EntryId entry,
                                const StoredCertificate& certificate);
Result<void> insert_revocation(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ca,
                               const StoredRevocation& revocation);
Result<void> insert_crl_number(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ca,
                               std::int64_t number, std::int64_t shard);
Result<void> insert_crl(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ca, const StoredCrl& crl);

}  // namespace hf::pki
