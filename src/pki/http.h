// OCSP over HTTP (RFC 6960 appendix A): POST and GET, for everyone.
#pragma once

#include <vector>

#include "net/openapi.h"
#include "net/route.h"
#include "pki/responder.h"

namespace hf::pki {

struct Api {
  Responder& responder;
};

// The table; `api` outlives it. Where the responder has no signer, what is not kept answers 503 (HF-PKI-0028).
[[nodiscard]] std::vector<net::Route> routes(const Api& api);

}  // namespace hf::pki
