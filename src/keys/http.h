// REST of the signing keys: the register to read, decisions to hand in. No signer is asked: what is made of a decision,
// it judges by itself.
#pragma once

#include <vector>

#include "keys/register.h"
#include "net/openapi.h"
#include "net/route.h"

namespace hf::keys {

struct Api {
  Register& book;
};

// The table; `api` outlives it.
[[nodiscard]] std::vector<net::Route> routes(const Api& api);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::keys
