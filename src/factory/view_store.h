// The SQL by which people look at what factories were told and what they said.
#pragma once

#include "factory/store.h"

namespace hf::factory {

class ViewStore {
 public:
  explicit ViewStore(const db::Reader& reader) : db_(reader) {}

  // Imports, newest first, of every station or of one.
  [[nodiscard]] Result<std::vector<StoredBundle>> bundles(std::int64_t before, std::int64_t limit) const;
  [[nodiscard]] Result<std::vector<StoredBundle>> bundles_of(std::string_view station, std::int64_t limit) const;
  // By station, use and row, after these.
  struct Place {
    std::string station{};
    std::int64_t use = 0, row = 0;
  };
  [[nodiscard]] Result<std::vector<StoredIdentity>> identities(std::string_view authorisation, const Place& after,
                                                               std::int64_t limit) const;
  struct NumberedAlarm {
    std::int64_t id = 0;
    StoredAlarm alarm;
  };
  // Newest first; of an authorisation unless it is empty.
  [[nodiscard]] Result<std::vector<NumberedAlarm>> alarms(std::string_view authorisation, std::int64_t before,
                                                          std::int64_t limit) const;
  [[nodiscard]] Result<std::int64_t> count_alarms(std::string_view authorisation) const;
  struct StoredReconciliation {
    Reconciliation totals;
    Time reconciled_at{};
    std::int64_t entry = 0;
  };
  [[nodiscard]] Result<std::vector<StoredReconciliation>> reconciliations(std::string_view authorisation,
                                                                          std::int64_t limit) const;  // newest first

 private:
  const db::Reader& db_;
};

}  // namespace hf::factory
