// Devices are proven by the events of ledger segments: what all events say must be what all rows say.
//
// Sums of keyed hashes, in buckets, are compared first; only buckets that differ are looked at row by row. So a million
// devices cost no memory, and whoever alters rows cannot choose them so that the sums stay: the key is new each time.
#pragma once

#include <memory>

#include "ledger/verify.h"

namespace hf::fleet {

[[nodiscard]] std::unique_ptr<ledger::EventProof> make_event_proof();

}  // namespace hf::fleet
