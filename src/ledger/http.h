// The log for everyone: the read interface of C2SP tlog-tiles under /ledger, and entries with their proofs.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "ledger/log.h"
#include "net/route.h"

namespace hf::ledger {

// For the public listener: checkpoint and hash tiles, which need no authentication. `log` outlives the routes.
[[nodiscard]] std::vector<net::Route> tile_routes(Log& log);
// Entries name people and products: for those with `ledger.read`.
[[nodiscard]] std::vector<net::Route> entry_routes(Log& log);
// Name and JSON Schema text of what the routes answer.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> schemas();

}  // namespace hf::ledger
