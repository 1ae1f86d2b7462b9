// REST of sessions, set-up, users and API tokens.
#pragma once

#include <vector>

#include "accounts/service.h"
#include "net/openapi.h"

namespace hf::accounts {

struct Api {
  Service& service;
};

// The table; `api` outlives it.
[[nodiscard]] std::vector<net::Route> routes(const Api& api);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::accounts
