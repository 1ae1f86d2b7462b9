// An authorisation beside what its stations said they made of it: how many it used, how many are left, what is missing.
#pragma once

#include "factory/service.h"
#include "factory/view_store.h"

namespace hf::factory {

// The share of one station.
struct StationSight {
  std::string station{};
  std::int64_t count = 0, epoch = 0;  // as authorised
  std::int64_t reserved = 0, issued = 0, activated = 0, voided = 0;
  std::int64_t last_use = 0;  // the highest number of a use that it told of
  std::int64_t missing = 0;   // numbers below that of which nothing was told: a gap
  std::int64_t left = 0;      // that it may still use; 0 when it closed
  bool authorised = true;     // false: it told of units without a share
  std::optional<StoredClosing> closing{};
  std::optional<StoredBundle> newest{};  // the newest import of it

  [[nodiscard]] std::int64_t used() const { return reserved + issued + activated; }
};
struct AuthorisationSight {
  StoredAuthorisation stored;
  std::vector<StationSight> stations;
  std::vector<FactoryHold> holds;  // that live and stop it
  std::int64_t alarms = 0;
  std::vector<ViewStore::StoredReconciliation> reconciliations;  // newest first, at most 20

  [[nodiscard]] std::int64_t used() const;
  [[nodiscard]] std::int64_t left() const;
  [[nodiscard]] std::int64_t missing() const;
};
[[nodiscard]] Result<AuthorisationSight> sight_of(const db::Reader& reader, StoredAuthorisation stored);
// "live", "on hold (3)", "it ended at ...".
[[nodiscard]] std::string standing_of(const FactoryAuthorisation& order, const std::vector<FactoryHold>& holds,
                                      Time now);

// What a hold would stop, before it is made.
struct HoldEffect {
  std::vector<StoredAuthorisation> authorisations;  // that are live
  std::int64_t left = 0;                            // identities that they may still issue
};
[[nodiscard]] Result<HoldEffect> effect_of(const db::Reader& reader, const Scope& scope, Time now);

}  // namespace hf::factory
