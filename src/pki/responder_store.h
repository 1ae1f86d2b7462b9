// The SQL of OCSP responders.
#pragma once

#include <optional>
#include <string>

#include "ledger/transaction.h"

namespace hf::pki {

struct StoredResponder {
  std::int64_t ca_id = 0;
  std::string authority{}, key{};
  Bytes certificate{};  // DER
  std::string grant{}, product{};
  std::int64_t hours = 24;
  std::int64_t entry = 0;
};

// The newest of a CA.
[[nodiscard]] Result<std::optional<StoredResponder>> find_responder(const db::Reader& reader,
                                                                    std::string_view authority);
Result<void> insert_responder(ledger::Transaction& transaction, ledger::EntryId entry,
                              const StoredResponder& responder);

}  // namespace hf::pki
