#include "accounts/authenticator.h"

#include <algorithm>
#include <iterator>

#include "crypto/constant_time.h"

namespace hf::accounts {
namespace {

auto does_not_hold(std::string what) { return fail(ErrorKind::unauthenticated, "HF-ACCOUNT-0030", std::move(what)); }

bool changes_state(net::Method method) {
  return method != net::Method::get && method != net::Method::head && method != net::Method::options;
}

// RFC 6750 section 2.1; the scheme's name is case-insensitive (RFC 9110 section 11.1).
std::optional<std::string_view> bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() <= kScheme.size() || !net::iequals(authorization.substr(0, kScheme.size()), kScheme))
    return std::nullopt;
  return trim(authorization.substr(kScheme.size()));
}

}  // namespace

net::Principal principal_of(const Account& account) {
  return {.id = subject_of(account.id),
          .kind = "user",
          .role = join(account.roles),
          .permissions = permissions_of(account.roles)};
}

net::Principal principal_of(const ApiToken& token) {
  // A role that the owner lost is lost to the token at once.
  const auto owners = permissions_of(token.account.roles);
  net::Principal principal{.id = subject_of(token.id), .kind = "token", .role = join(token.account.roles)};
  principal.person = subject_of(token.account.id);
  std::set_intersection(token.scopes.begin(), token.scopes.end(), owners.begin(), owners.end(),
                        std::back_inserter(principal.permissions));
  return principal;
}

ledger::Actor actor_of(const net::Request& request) {
  const auto& principal = request.principal;
  return {principal.anonymous() ? "public" : principal.id, principal.role.empty() ? principal.kind : principal.role};
}

Result<net::Principal> Authenticator::authenticate(const net::Request& request) {
  if (request.headers.find("Authorization")) {
    const auto secret = bearer(request.header("Authorization"));
    if (!secret || request.headers.count("Authorization") != 1)
      return does_not_hold("Authorization takes one 'Bearer hft_...'");
    HF_TRY(const auto token, service_.token(*secret));
    if (!token) return does_not_hold("the token is unknown, expired or revoked");
    return principal_of(*token);
  }
  const auto cookie = request.cookie(kCookie);
  if (!cookie) {
    const auto& certificate = request.peer.certificate;
    if (!certificate) return net::Principal{};
    if (!certificate->verified)
      return does_not_hold(
          "the client certificate does not chain to the listener's trust anchors, or is not valid now");
    HF_TRY(const auto token, service_.token_of_certificate(certificate->sha256));
    if (!token)
      return does_not_hold("the client certificate is not registered, or its registration expired or was revoked");
    return principal_of(*token);
  }
  HF_TRY(const auto session, service_.session(*cookie));
  if (!session) return does_not_hold("the session has ended; sign in again");
  if (changes_state(request.method) &&
      !crypto::equal_in_constant_time(bytes_of(request.header(kCsrfHeader)), bytes_of(csrf_token(*cookie))))
    return fail(ErrorKind::forbidden, "HF-ACCOUNT-0031",
                "X-CSRF-Token is missing or not the session's; GET /v1/session gives it");
  return principal_of(session->account);
}

}  // namespace hf::accounts
