#pragma once

#include "keys/http.h"

namespace hf::keys {

// Debug sessions. A part of routes().
[[nodiscard]] std::vector<net::Route> debug_routes(const Api& api);

}  // namespace hf::keys
