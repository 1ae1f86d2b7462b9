// REST of the fleet: units from the factory, reports of what runs.
#pragma once

#include <vector>

#include "base/clock.h"
#include "db/database.h"
#include "net/openapi.h"
#include "net/route.h"

namespace hf::fleet {

struct Api {
  db::Database& database;
  const Clock& clock;
};

// For the operator and the factory listener; `api` outlives the table.
[[nodiscard]] std::vector<net::Route> routes(const Api& api);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::fleet
