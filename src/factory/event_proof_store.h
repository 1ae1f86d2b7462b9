// Identities are proven by the events of ledger segments: what all events say must be what all rows say.
#pragma once

#include <memory>

#include "ledger/verify.h"

namespace hf::factory {

[[nodiscard]] std::unique_ptr<ledger::EventProof> make_event_proof();

}  // namespace hf::factory
