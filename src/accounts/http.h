// REST of sessions, set-up, users, API tokens and people's authenticators.
#pragma once

#include <vector>

#include "accounts/service.h"
#include "net/openapi.h"

namespace hf::accounts {

struct Api {
  Service& service;
  std::string origin{};  // of the UI, "https://holdfast.example:8443"; empty: the address under which it was asked
};

// The table; `api` outlives it.
[[nodiscard]] std::vector<net::Route> routes(const Api& api);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::accounts
