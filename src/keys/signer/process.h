// The signer process: one token, one custodian, one channel to the process that started it. It never forks, answers
// until the channel ends, finishes what it has begun and goes.
#pragma once

#include "base/clock.h"
#include "keys/signer/custodian.h"

namespace hf::keys {

// Serves the socket until its other side closes. The exit code of the process: 0, or 1 if it could not begin.
[[nodiscard]] int run_signer(int channel, const Clock& clock, Custodian::FormatFinder formats);

}  // namespace hf::keys
