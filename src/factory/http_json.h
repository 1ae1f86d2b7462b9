// What REST says of authorisations, stations and holds, with what the reader may do.
#pragma once

#include "factory/import.h"
#include "factory/view.h"
#include "net/http.h"

namespace hf::factory {

[[nodiscard]] JsonObject line_of(const AuthorisationSight& sight, Time now);
[[nodiscard]] JsonObject authorisation_json(const AuthorisationSight& sight, const net::Principal& reader, Time now);
[[nodiscard]] JsonObject identity_json(const StoredIdentity& identity);
[[nodiscard]] JsonObject bundle_json(const StoredBundle& bundle);
[[nodiscard]] JsonObject alarm_json(const ViewStore::NumberedAlarm& alarm);
[[nodiscard]] JsonObject hold_json(const StoredHold& hold, const net::Principal& reader);
[[nodiscard]] JsonObject effect_json(const HoldEffect& effect);
[[nodiscard]] JsonObject imported_json(const Imported& imported);
[[nodiscard]] JsonObject reconciled_json(const Reconciled& made);

}  // namespace hf::factory
