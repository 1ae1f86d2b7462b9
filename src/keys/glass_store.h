// All SQL of broken glass.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "ledger/transaction.h"

namespace hf::keys {

// A request that was signed by breaking glass.
struct StoredGlass {
  Time signed_at, due_at;
  std::optional<Time> ratified_at;
};

class GlassStore {
 public:
  explicit GlassStore(const db::Reader& reader, std::optional<Time> as_of = {})
      : db_(reader), until_(as_of ? micros(*as_of) : std::numeric_limits<std::int64_t>::max()) {}

  [[nodiscard]] Result<std::optional<StoredGlass>> of(std::int64_t request_id) const;
  // Digests of those that are not ratified, first due first.
  [[nodiscard]] Result<std::vector<std::string>> unratified(std::int64_t limit) const;

 private:
  const db::Reader& db_;
  std::int64_t until_;
};

// Nothing if it is there already: of several uses the first counts.
Result<void> insert_broken_glass(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t request_id,
                                 Time due);
Result<void> insert_ratification(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t request_id);

}  // namespace hf::keys
