// How far the time of the evidence has come. It never goes back, whatever the clock does: an act is recorded after the
// newest entry (Transaction::begin).
#pragma once

#include "db/session.h"

namespace hf::ledger {

[[nodiscard]] Result<Time> newest_time(const db::Reader& reader);  // 1970 where there is no entry

}  // namespace hf::ledger
