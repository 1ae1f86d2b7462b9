// The SQL of denied attempts.
#pragma once

#include <string>

#include "ledger/transaction.h"

namespace hf::accounts {

// Attempts of one principal from one address in one minute.
struct DeniedAttempts {
  std::string principal, address, method, path, code;  // method, path pattern and code of the first
  std::int64_t count = 0;
  Time first_at, last_at;
};

// Writes the row and its entry. The principal becomes a subject of the entry where it is one.
Result<void> insert_denied_attempts(ledger::Transaction& transaction, const DeniedAttempts& attempts,
                                    bool one_principal);

}  // namespace hf::accounts
