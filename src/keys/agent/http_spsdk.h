// The signature-provider protocol of NXP's SPSDK, version 2.0 ("type=proxy"): three GETs whose JSON content says what
// is wanted. It has no authentication, so it is served on the loopback alone, and to no page of a browser.
#pragma once

#include "keys/agent/agent.h"
#include "net/route.h"

namespace hf::keys::agent {

// `agent` outlives them.
[[nodiscard]] std::vector<net::Route> spsdk_routes(Agent& agent);

}  // namespace hf::keys::agent
