#pragma once

#include "accounts/http.h"

namespace hf::accounts {

// One's own authenticators. A part of routes() and of schemas().
[[nodiscard]] std::vector<net::Route> credential_routes(const Api& api);
[[nodiscard]] net::Schemas credential_schemas();

}  // namespace hf::accounts
