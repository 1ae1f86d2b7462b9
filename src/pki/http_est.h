// EST (RFC 7030, RFC 8951) below /.well-known/est: cacerts, simpleenroll, simplereenroll, csrattrs.
#pragma once

#include <vector>

#include "accounts/service.h"
#include "net/route.h"
#include "pki/enrolment.h"

namespace hf::pki {

// The permission of whoever enrols; the token of HTTP Basic (as password), of Bearer, or of a registered certificate.
inline constexpr std::string_view kEnrol = "pki.enroll";

struct EstApi {
  Enrolment& enrolment;
  accounts::Service& people;
};

// The table; `api` outlives it. Of a listener with TLS that lets clients show a certificate, whatever it chains to
// (TlsMode::mutual_optional, accept_unverified): renewal looks at it itself. The routes authenticate by themselves,
// since EST has HTTP Basic and certificates that no account has.
[[nodiscard]] std::vector<net::Route> est_routes(const EstApi& api);

}  // namespace hf::pki
