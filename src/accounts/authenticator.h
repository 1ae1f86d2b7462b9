// Who asks: a bearer token, the session cookie with its CSRF token for what changes state, or a TLS client
// certificate that is registered as a token.
#pragma once

#include "accounts/service.h"
#include "net/pipeline.h"

namespace hf::accounts {

// "__Host-": only over TLS, for this host, for every path (RFC 6265bis section 4.1.3.2).
inline constexpr std::string_view kCookie = "__Host-holdfast";
inline constexpr std::string_view kCsrfHeader = "X-CSRF-Token";

class Authenticator final : public net::Authenticator {
 public:
  explicit Authenticator(Service& service) : service_(service) {}

  // A request with Authorization is judged by it alone, else by its cookie, else by its certificate, which has to be
  // one that the listener verified. HF-ACCOUNT-0030 the token, session or certificate does not hold (401),
  // HF-ACCOUNT-0031 no CSRF token, or another session's (403).
  [[nodiscard]] Result<net::Principal> authenticate(const net::Request& request) override;

 private:
  Service& service_;
};

[[nodiscard]] net::Principal principal_of(const Account& account);
[[nodiscard]] net::Principal principal_of(const ApiToken& token);

// For the ledger transactions of every domain's handlers.
[[nodiscard]] ledger::Actor actor_of(const net::Request& request);

}  // namespace hf::accounts
