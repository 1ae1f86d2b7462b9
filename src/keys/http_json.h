// What REST says of a key and of a request, with what the reader may do.
#pragma once

#include "keys/register.h"
#include "net/http.h"

namespace hf::keys {

// `no_freeze`: why the reader may not freeze it; empty: may.
[[nodiscard]] Result<JsonObject> key_json(const KeySight& sight,
                                          std::string_view no_freeze = "needs a server that signs");
// As `person` would decide on it, whom the reader says to be.
[[nodiscard]] JsonObject request_json(const RequestSight& sight, std::string_view person, Time now,
                                      const net::Principal& reader);

}  // namespace hf::keys
