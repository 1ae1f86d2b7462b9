// REST of asking for signatures and making those that were approved.
#pragma once

#include "keys/http.h"

namespace hf::keys {

[[nodiscard]] std::vector<net::Route> asking_routes(const Api& api);

}  // namespace hf::keys
