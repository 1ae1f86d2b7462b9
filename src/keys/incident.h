// When a key is not to be trusted: the incidents that froze it, and what verifies with it.
#pragma once

#include <optional>
#include <string>

#include "ledger/transaction.h"

namespace hf::keys {

struct NewIncident {
  std::string key;
  std::optional<Time> effective_at{};  // since when its signatures are suspect; else now
  std::string reason;
};

struct StoredIncident {
  Time effective_at, recorded_at;
  std::string reason, reporter;
  std::int64_t entry = 0;
};

// A public key in units of a hardware revision.
struct NewAnchor {
  std::string key;
  int version = 1;
  std::string hardware_revision;  // its path
  bool fused = false;             // burned into the silicon; else an update can replace it
  std::int64_t slots = 0;         // for burned keys that the silicon has, as somebody says; 0: nobody does
  std::string platform{};         // of the silicon catalogue; empty: none named
};

class IncidentStore {
 public:
  explicit IncidentStore(const db::Reader& reader, std::optional<Time> as_of = {})
      : db_(reader), until_(as_of ? micros(*as_of) : std::numeric_limits<std::int64_t>::max()) {}

  // The newest that no charter has ended since: the key is frozen. Its effective time is the earliest of them.
  [[nodiscard]] Result<std::optional<StoredIncident>> open(std::int64_t key_id) const;

 private:
  const db::Reader& db_;
  std::int64_t until_;
};

Result<void> insert_incident(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_id,
                             const StoredIncident& incident);
// HF-KEYS-0026 if it is there already, HF-KEYS-0027 if there is no such hardware revision.
Result<void> insert_anchor(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_version_id,
                           const NewAnchor& anchor);

}  // namespace hf::keys
