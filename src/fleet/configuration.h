// Interning: the same set of builds is one configuration.
#pragma once

#include <unordered_map>

#include "fleet/store.h"

namespace hf::fleet {

struct Configuration {
  ConfigurationId id;
  std::string digest;
};

// Finds or makes configurations within one transaction, remembering what it met.
class Interner {
 public:
  explicit Interner(ledger::Transaction& transaction) : transaction_(transaction) {}

  // HF-FLEET-0004: a build does not exist, is of another product, or two are of one module; or there is none.
  Result<Configuration> intern(std::int64_t product_id, std::vector<std::string> builds);

 private:
  ledger::Transaction& transaction_;
  std::unordered_map<std::string, Configuration> known_;
};

}  // namespace hf::fleet
