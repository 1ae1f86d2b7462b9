#include "accounts/http.h"

#include "accounts/authenticator.h"
#include "accounts/http_credentials.h"
#include "accounts/http_json.h"
#include "accounts/http_person.h"
#include "net/page.h"
#include "net/problem.h"

namespace hf::accounts {
namespace {

using net::Request;
using net::Response;

constexpr std::string_view kClearedCookie = "__Host-holdfast=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0";

std::string cookie_of(std::string_view token) {
  return std::string(kCookie) + "=" + std::string(token) + "; Path=/; Secure; HttpOnly; SameSite=Strict";
}

// With content, `limit` would read as "too large": here it is "too often".
Response too_often(const Error& error, const Request& request) {
  auto response = net::problem(429, error.code, error.message, request.id);
  response.headers.set("Retry-After", "900");
  return response;
}

Result<Session> session_of(const Request& request, const Api& api) {
  const auto cookie = request.cookie(kCookie);
  if (!user_of(request) || !cookie) return users_only();
  HF_TRY(auto session, api.service.session(*cookie));
  if (!session) return fail(ErrorKind::unauthenticated, "HF-ACCOUNT-0030", "the session has ended; sign in again");
  return *std::move(session);
}

Result<Response> sign_in(const Request& request, const Api& api) {
  Fields fields(request);
  const auto name = fields.text("name"), password = fields.text("password");
  HF_CHECK(fields.finish());
  auto signed_in = api.service.sign_in(name, password, request.peer.address);
  if (!signed_in && signed_in.error().kind == ErrorKind::limit) return too_often(signed_in.error(), request);
  if (!signed_in) return fail(std::move(signed_in).error());
  auto response =
      net::json_text_response(200, to_text(session_json(signed_in->session, csrf_token(signed_in->token.text()))));
  response.headers.add("Set-Cookie", cookie_of(signed_in->token.text()));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

Result<Response> who_am_i(const Request& request, const Api& api) {
  if (user_of(request)) {
    HF_TRY(const auto session, session_of(request, api));
    return net::json_text_response(200, to_text(session_json(session, csrf_token(*request.cookie(kCookie)))));
  }
  return net::json_text_response(200, to_text(principal_json(request.principal)));
}

Result<Response> sign_out(const Request& request, const Api& api) {
  HF_TRY(const auto session, session_of(request, api));
  HF_CHECK(api.service.sign_out(session));
  auto response = net::no_content();
  response.headers.add("Set-Cookie", kClearedCookie);
  response.headers.add("Clear-Site-Data", "\"cache\", \"storage\"");
  return response;
}

Result<Response> change_password(const Request& request, const Api& api) {
  Fields fields(request);
  const auto current = fields.text("current"), next = fields.text("next");
  HF_CHECK(fields.finish());
  HF_TRY(const auto session, session_of(request, api));
  auto changed = api.service.change_own_password(session, current, next, request.peer.address);
  if (!changed && changed.error().kind == ErrorKind::limit) return too_often(changed.error(), request);
  if (!changed) return fail(std::move(changed).error());
  return net::no_content();
}

Result<Response> set_up(const Request& request, const Api& api) {
  Fields fields(request);
  NewAccount account;
  const auto token = fields.text("token");
  account.name = fields.text("name");
  account.password = fields.text("password");
  account.email = fields.text_or_none("email");
  account.roles = fields.texts_or_none("roles").value_or(std::vector<std::string>{});
  HF_CHECK(fields.finish());
  HF_TRY(const auto made, api.service.set_up(token, account));
  return net::json_text_response(201, to_text(account_json(made, principal_of(made))));
}

Result<Response> list_users(const Request& request, const Api& api) {
  HF_TRY(const auto page, net::page_of(request, 1));
  HF_TRY(const auto after, page.after_number());
  HF_TRY(const auto list, api.service.accounts(AccountId{after}, page.limit));
  JsonArray items;
  for (const auto& account : list) items.push_back(account_json(account, request.principal));
  const bool full = std::int64_t(list.size()) == page.limit;
  return net::page_response(std::move(items),
                            full ? std::optional(std::vector{std::to_string(list.back().id.value)}) : std::nullopt);
}

Result<Response> show_user(const Request& request, const Api& api) {
  HF_TRY(const auto id, id_of<AccountKind>(request, "HF-ACCOUNT-0009", "user"));
  HF_TRY(const auto account, api.service.account(id));
  return net::json_text_response(200, to_text(account_json(account, request.principal)));
}

Result<Response> create_user(const Request& request, const Api& api) {
  if (!user_of(request)) return users_only();
  Fields fields(request);
  NewAccount account;
  account.name = fields.text("name");
  account.password = fields.text("password");
  account.email = fields.text_or_none("email");
  account.roles = fields.texts_or_none("roles").value_or(std::vector<std::string>{});
  HF_CHECK(fields.finish());
  HF_TRY(const auto made, api.service.create(actor_of(request), account));
  auto response = net::json_text_response(201, to_text(account_json(made, request.principal)));
  response.headers.add("Location", "/v1/users/" + std::to_string(made.id.value));
  return response;
}

Result<Response> change_user(const Request& request, const Api& api) {
  if (!user_of(request)) return users_only();
  HF_TRY(const auto id, id_of<AccountKind>(request, "HF-ACCOUNT-0009", "user"));
  Fields fields(request);
  AccountChange change;
  change.roles = fields.texts_or_none("roles");
  change.disabled = fields.flag_or_none("disabled");
  change.password = fields.text_or_none("password");
  change.email = fields.text_or_none("email");
  HF_CHECK(fields.finish());
  HF_TRY(const auto changed, api.service.change(actor_of(request), id, change));
  return net::json_text_response(200, to_text(account_json(changed, request.principal)));
}

Result<Response> list_tokens(const Request& request, const Api& api) {
  const bool all = request.query("all") == "true";
  if (all && !request.principal.may("accounts.read"))
    return fail(ErrorKind::forbidden, "HF-ACCOUNT-0033", "everyone's tokens need the permission 'accounts.read'");
  const auto owner = user_of(request);
  if (!all && !owner) return users_only();
  HF_TRY(const auto page, net::page_of(request, 1));
  HF_TRY(const auto after, page.after_number());
  HF_TRY(const auto list, api.service.tokens(all ? std::nullopt : owner, ApiTokenId{after}, page.limit));
  JsonArray items;
  for (const auto& token : list) items.push_back(token_json(token, request.principal));
  const bool full = std::int64_t(list.size()) == page.limit;
  return net::page_response(std::move(items),
                            full ? std::optional(std::vector{std::to_string(list.back().id.value)}) : std::nullopt);
}

// Not for tokens: one that leaked must not outlive its own end.
Result<Response> create_token(const Request& request, const Api& api) {
  const auto owner = user_of(request);
  if (!owner) return users_only();
  Fields fields(request);
  NewToken token;
  token.name = fields.text("name");
  token.scopes = fields.texts_or_none("scopes").value_or(std::vector<std::string>{});
  token.expires_at = fields.time_or_none("expires_at");
  token.certificate_sha256 = fields.text_or_none("certificate_sha256");
  HF_CHECK(fields.finish());
  HF_TRY(const auto made, api.service.create_token(actor_of(request), *owner, token));
  auto json = token_json(made.token, request.principal);
  if (made.secret) json["secret"] = made.secret->text();
  auto response = net::json_text_response(201, to_text(json));
  response.headers.add("Location", "/v1/tokens/" + std::to_string(made.token.id.value));
  return response;
}

Result<Response> revoke_token(const Request& request, const Api& api) {
  const auto owner = user_of(request);
  const bool anyones = request.principal.may("accounts.manage");
  if (!owner) return users_only();
  HF_TRY(const auto id, id_of<ApiTokenKind>(request, "HF-ACCOUNT-0014", "token"));
  HF_CHECK(api.service.revoke_token(actor_of(request), id, anyones ? std::nullopt : owner));
  return net::no_content();
}

Result<Response> list_roles(const Request&, const Api&) { return net::json_text_response(200, to_text(roles_json())); }

constexpr std::uint64_t kBodyMax = 16 * 1024;

}  // namespace

std::vector<net::Route> routes(const Api& api) {
  using net::Method;
  const std::vector<std::string_view> json{"application/json"};
  std::vector<net::Route> table{
      {.method = Method::post,
       .path = "/v1/session",
       .permission = net::kPublic,
       .body_max = kBodyMax,
       .content_types = json,
       .summary = "Sign in; sets the session cookie",
       .request_schema = "SignIn",
       .response_schema = "Session",
       .handler = net::handle(api, &sign_in)},
      {.path = "/v1/session",
       .permission = net::kSignedIn,
       .summary = "Who am I, what may I do, and the CSRF token",
       .response_schema = "Session",
       .handler = net::handle(api, &who_am_i)},
      {.method = Method::del,
       .path = "/v1/session",
       .permission = net::kSignedIn,
       .summary = "Sign out",
       .success = 204,
       .handler = net::handle(api, &sign_out)},
      {.method = Method::put,
       .path = "/v1/session/password",
       .permission = net::kSignedIn,
       .body_max = kBodyMax,
       .content_types = json,
       .summary = "Change one's own password; ends the other sessions",
       .request_schema = "PasswordChange",
       .success = 204,
       .handler = net::handle(api, &change_password)},
      {.method = Method::post,
       .path = "/v1/setup",
       .permission = net::kPublic,
       .body_max = kBodyMax,
       .content_types = json,
       .summary = "Make the first administrator with the one-time set-up token",
       .request_schema = "SetUp",
       .response_schema = "User",
       .success = 201,
       .handler = net::handle(api, &set_up)},
      {.path = "/v1/roles",
       .permission = net::kSignedIn,
       .summary = "Roles, their permissions, and which must be different people",
       .response_schema = "Roles",
       .handler = net::handle(api, &list_roles)},
      {.path = "/v1/users",
       .permission = "accounts.read",
       .summary = "Users",
       .response_schema = "UserPage",
       .paged = true,
       .handler = net::handle(api, &list_users)},
      {.method = Method::post,
       .path = "/v1/users",
       .permission = "accounts.manage",
       .body_max = kBodyMax,
       .content_types = json,
       .summary = "Create a user",
       .request_schema = "NewUser",
       .response_schema = "User",
       .success = 201,
       .idempotency_key = true,
       .handler = net::handle(api, &create_user)},
      {.path = "/v1/users/{id}",
       .permission = "accounts.read",
       .summary = "One user",
       .response_schema = "User",
       .handler = net::handle(api, &show_user)},
      {.method = Method::patch,
       .path = "/v1/users/{id}",
       .permission = "accounts.manage",
       .body_max = kBodyMax,
       .content_types = json,
       .summary = "Change roles, state, password or e-mail; a new password or 'disabled' ends the sessions",
       .request_schema = "UserChange",
       .response_schema = "User",
       .handler = net::handle(api, &change_user)},
      {.path = "/v1/tokens",
       .permission = net::kSignedIn,
       .summary = "One's own API tokens",
       .response_schema = "ApiTokenPage",
       .query = {{.name = "all", .summary = "true: everyone's", .type = "boolean"}},
       .paged = true,
       .handler = net::handle(api, &list_tokens)},
      {.method = Method::post,
       .path = "/v1/tokens",
       .permission = net::kSignedIn,
       .body_max = kBodyMax,
       .content_types = json,
       .summary = "Create an API token; its secret is shown once, or a TLS client certificate stands for it",
       .request_schema = "NewApiToken",
       .response_schema = "ApiToken",
       .success = 201,
       .handler = net::handle(api, &create_token)},
      {.method = Method::del,
       .path = "/v1/tokens/{id}",
       .permission = net::kSignedIn,
       .summary = "Revoke an API token",
       .success = 204,
       .handler = net::handle(api, &revoke_token)},
  };
  for (auto& route : credential_routes(api)) table.push_back(std::move(route));
  return table;
}

}  // namespace hf::accounts
