// The operator UI as routes: its assets, and its page at every address that the script knows.
#pragma once

#include <vector>

#include "net/route.h"
#include "web/asset.h"

namespace hf::web {

// Public: the files hold no secret, and the page itself asks who you are. Answers come from memory (RunsOn::io).
//   assets   200 with ETag and "immutable"; gzip if the client accepts it
//   pages    200 text/html, no-store, kContentSecurityPolicy
//            503 text/html if the binary was built without the UI
[[nodiscard]] std::vector<net::Route> routes();
[[nodiscard]] std::vector<net::Route> routes_of(const std::vector<Asset>& assets);

}  // namespace hf::web
