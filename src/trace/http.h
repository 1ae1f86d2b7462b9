// REST of the four questions and of the lists that lead to them.
#pragma once

#include <vector>

#include "base/clock.h"
#include "db/database.h"
#include "net/openapi.h"
#include "net/route.h"

namespace hf::trace {

struct Api {
  db::Database& database;
  const Clock& clock;
};

// The table; `api` outlives it.
[[nodiscard]] std::vector<net::Route> routes(const Api& api);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::trace
