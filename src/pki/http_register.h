// REST of the CAs and what they issued: to read, to revoke, to freeze; and, where the server has a signer, to make a
// CRL.
#pragma once

#include <vector>

#include "net/openapi.h"
#include "net/route.h"
#include "pki/issuing.h"
#include "pki/look_up.h"

namespace hf::pki {

struct RegisterApi {
  Registry& registry;
  LookUp look_up;
  Issuer* issuer = nullptr;  // null: this server has no signer
};

[[nodiscard]] std::vector<net::Route> register_routes(const RegisterApi& api);
// CRLs for everyone, beside OCSP: "/crl/devices.crl", or "/crl/devices/3.crl" of a CA with shards.
[[nodiscard]] std::vector<net::Route> crl_routes(const RegisterApi& api);
[[nodiscard]] net::Schemas schemas();

}  // namespace hf::pki
