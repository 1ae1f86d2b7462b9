// REST of SBOMs and feeds: what is sent in, and the original bytes back.
#pragma once

#include <vector>

#include "base/clock.h"
#include "blob/store.h"
#include "db/database.h"
#include "net/openapi.h"
#include "net/route.h"

namespace hf::portfolio {

struct Api {
  db::Database& database;
  blob::Store& blobs;
  const Clock& clock;
};

// The table; `api` outlives it.
[[nodiscard]] std::vector<net::Route> routes(const Api& api);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::portfolio
