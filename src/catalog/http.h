// REST of the catalogue: one table of routes a kind of record, made from its description.
#pragma once

#include <vector>

#include "base/clock.h"
#include "db/database.h"
#include "net/openapi.h"
#include "net/route.h"

namespace hf::catalog {

struct Api {
  db::Database& database;
  const Clock& clock;
};

// The table; `api` outlives it.
[[nodiscard]] std::vector<net::Route> routes(const Api& api);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::catalog
