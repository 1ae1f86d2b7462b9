// Components, contents of builds, records, KEV, findings and statements are proven by the events of ledger segments:
// what all events say must be what all rows say, and what is derived must follow from what it is derived from.
//
// Not proven: scores of EPSS (a forecast, replaced daily), aliases and makers (which records add and nothing takes
// away).
#pragma once

#include <memory>

#include "ledger/verify.h"

namespace hf::portfolio {

[[nodiscard]] std::unique_ptr<ledger::EventProof> make_event_proof();

}  // namespace hf::portfolio
