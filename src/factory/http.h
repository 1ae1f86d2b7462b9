// REST of factories: what was authorised, what stations said they made of it, alarms, and holds.
#pragma once

#include <vector>

#include "factory/service.h"
#include "net/openapi.h"
#include "net/route.h"

namespace hf::factory {

struct Api {
  db::Database& database;
  const Clock& clock;
};

// The table; `api` outlives it.
[[nodiscard]] std::vector<net::Route> routes(const Api& api);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::factory
