// What writer and test of the kill tests share.
#pragma once

#include "ledger/transaction.h"

namespace hf::crash {

inline constexpr const char* kTable =
    "CREATE TABLE thing (thing_id BIGINT NOT NULL PRIMARY KEY, entry_id BIGINT NOT NULL, name TEXT NOT NULL)";
inline const ledger::ProvenTable kThing{"thing", "thing_id", "thing_id, name"};
inline constexpr const char* kOrigin = "example.eu/crash";

}  // namespace hf::crash
