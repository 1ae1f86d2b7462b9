// REST of the signing keys: the register to read, requests and decisions to hand in, and, where the server has a
// signer, signatures to take. What is made of a decision, the signer judges by itself.
#pragma once

#include <vector>

#include "keys/service.h"
#include "net/openapi.h"
#include "net/route.h"

namespace hf::keys {

struct Api {
  Register& book;
  Service* signing = nullptr;  // null: this server has no signer
};

// The table; `api` outlives it.
[[nodiscard]] std::vector<net::Route> routes(const Api& api);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::keys
