// The SQL of enrolment: labels, and first enrolments that somebody decides on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ledger/transaction.h"

namespace hf::pki {

struct StoredLabel {
  std::string label{};
  std::int64_t ca_id = 0;
  std::string authority{}, profile{}, grant{}, product{};
  bool approval = false;
  std::int64_t grace_hours = 0;
  std::string trust{};  // PEM
};

struct StoredEnrolment {
  std::int64_t id = 0;
  std::string label{}, csr_sha256{};
  Bytes csr{};  // DER
  std::string subject{}, requester{};
  Time asked_at{};
  std::optional<std::string> decision{};  // "approve", "reject"
  std::string reason{};
  std::optional<std::string> serial{};  // of the certificate that came of it
};

class EstStore {
 public:
  explicit EstStore(const db::Reader& reader) : db_(reader) {}
  [[nodiscard]] Result<std::optional<StoredLabel>> label(std::string_view label) const;  // the newest row
  [[nodiscard]] Result<std::vector<StoredLabel>> labels() const;
  [[nodiscard]] Result<std::optional<StoredEnrolment>> enrolment(std::string_view label,
                                                                 std::string_view csr_sha256) const;
  [[nodiscard]] Result<std::optional<StoredEnrolment>> enrolment(std::int64_t id) const;
  // Undecided, oldest first.
  [[nodiscard]] Result<std::vector<StoredEnrolment>> pending(std::int64_t limit) const;
  [[nodiscard]] Result<std::int64_t> pending_count() const;

 private:
  const db::Reader& db_;
};

Result<void> insert_label(ledger::Transaction& transaction, ledger::EntryId entry, const StoredLabel& label);
Result<std::int64_t> insert_enrolment(ledger::Transaction& transaction, ledger::EntryId entry,
                                      const StoredEnrolment& enrolment);
Result<void> insert_decision(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t id, bool approve,
                             std::string_view reason);
Result<void> insert_issued(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t id, std::int64_t ca,
                           std::string_view serial);

}  // namespace hf::pki
