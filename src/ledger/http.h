// The log for everyone: the read interface of C2SP tlog-tiles under /ledger, and entries with their proofs.
#pragma once

#include <vector>

#include "ledger/log.h"
#include "net/openapi.h"
#include "net/route.h"

namespace hf::ledger {

// For the public listener: checkpoint and hash tiles, which need no authentication. `log` outlives the routes.
[[nodiscard]] std::vector<net::Route> tile_routes(Log& log);
// Entries name people and products: for those with `ledger.read`.
[[nodiscard]] std::vector<net::Route> entry_routes(Log& log);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::ledger
