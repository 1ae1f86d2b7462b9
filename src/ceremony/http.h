// Ceremonies over REST: scripts that were approved, and what came of them. Reads alone: a ceremony happens on a machine
// that is not connected.
#pragma once

#include <vector>

#include "ceremony/service.h"
#include "net/openapi.h"
#include "net/route.h"

namespace hf::ceremony {

struct Api {
  Service& service;
};

// The table; `api` outlives it.
[[nodiscard]] std::vector<net::Route> routes(const Api& api);
[[nodiscard]] net::Schemas schemas();

// The same objects for the command line.
[[nodiscard]] JsonObject line_json(const Line& line);
[[nodiscard]] JsonObject sight_json(const Sight& sight);

}  // namespace hf::ceremony
