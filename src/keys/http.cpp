#include "keys/http.h"

#include <algorithm>
#include <charconv>

#include "accounts/authenticator.h"
#include "keys/http_asking.h"
#include "keys/http_debug.h"
#include "keys/http_json.h"
#include "keys/register_json.h"
#include "net/page.h"

namespace hf::keys {
namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kApprovalMax = 64U << 10;
constexpr std::size_t kNameMax = 64;

Response json(int status, const JsonObject& object) { return net::json_text_response(status, to_text(object)); }

Result<Response> keys(const Request& request, const Api& api) {
  HF_TRY(const auto page, net::page_of(request, 1));
  HF_TRY(const auto list,
         api.book.keys(request.query("q"), page.after.empty() ? std::string() : page.after.front(), page.limit));
  JsonArray items;
  for (const auto& key : list) items.push_back(line_of(key));
  const bool full = std::int64_t(list.size()) == page.limit;
  return net::page_response(std::move(items), full ? std::optional(std::vector{list.back().name}) : std::nullopt);
}

Result<Response> key(const Request& request, const Api& api) {
  HF_TRY(const auto sight, api.book.key_sight(request.path("name")));
  const auto* no_freeze = !request.principal.may("keys.freeze") ? "needs the permission keys.freeze"
                          : !api.signing ? "this server has no signer: holdfast key freeze, on the machine of the token"
                                         : "";
  HF_TRY(const auto object, key_json(sight, no_freeze));
  return json(200, object);
}

Result<Response> signatures(const Request& request, const Api& api) {
  HF_TRY(const auto page, net::page_of(request, 1));
  HF_TRY(const auto before, page.after_number(std::numeric_limits<std::int64_t>::max()));
  HF_TRY(const auto list, api.book.signatures(request.path("name"), before, page.limit));
  JsonArray items;
  for (const auto& one : list) items.push_back(to_json(one));
  const bool full = std::int64_t(list.size()) == page.limit;
  return net::page_response(std::move(items),
                            full ? std::optional(std::vector{std::to_string(list.back().id)}) : std::nullopt);
}

// "open": whatever can still be decided or used.
Result<std::vector<RequestState>> states_of(const Request& request) {
  const auto wanted = request.query("state");
  if (wanted.empty()) return std::vector<RequestState>{};
  if (wanted == "open") return std::vector{RequestState::waiting, RequestState::approved};
  const auto state = request_state_of(wanted);
  if (!state)
    return fail(ErrorKind::invalid, "HF-KEYS-0020",
                "state is one of open, waiting, approved, used, rejected, expired, superseded, refused");
  return std::vector{*state};
}

// Where a list was left: expiry and id, opaque to clients.
Result<std::optional<RequestPlace>> place_of(const net::Page& page) {
  if (page.after.empty()) return std::optional<RequestPlace>();
  RequestPlace place;
  for (const auto& [text, number] : {std::pair(&page.after[0], &place.expires), std::pair(&page.after[1], &place.id)}) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), *number);
    if (error != std::errc{} || end != text->data() + text->size())
      return fail(ErrorKind::invalid, "HF-HTTP-0048", "cursor is not one that this list gave; begin without it");
  }
  return std::optional(place);
}

Result<Response> requests(const Request& request, const Api& api) {
  HF_TRY(const auto page, net::page_of(request, 2, {.limit = 50, .limit_max = 200}));
  HF_TRY(const auto after, place_of(page));
  HF_TRY(auto states, states_of(request));
  HF_TRY(const auto found, api.book.judged({std::move(states), std::string(request.query("key"))}, after, page.limit));
  JsonArray items;
  for (const auto& item : found.items) items.push_back(line_of(item));
  std::optional<std::vector<std::string>> next;
  if (found.next) next = {std::to_string(found.next->expires), std::to_string(found.next->id)};
  return net::page_response(std::move(items), next);
}

Result<std::string> person_of(const Request& request) {
  const auto wanted = request.query("person");
  if (wanted.empty()) return request.principal.id;
  if (wanted.size() > kNameMax || !is_plain(wanted))
    return fail(ErrorKind::invalid, "HF-KEYS-0003", "person is a name of the charter, at most 64 bytes");
  return std::string(wanted);
}

Result<Response> signing_request(const Request& request, const Api& api) {
  HF_TRY(const auto person, person_of(request));
  HF_TRY(const auto sight, api.book.sight(request.path("digest")));
  return json(200, request_json(sight, person, api.book.now(), request.principal));
}

Result<Response> decide(const Request& request, const Api& api) {
  HF_TRY(const auto body, parse_json(request.body.text()));
  HF_TRY(const auto approval, approval_of(body));
  HF_TRY(const auto decided, api.book.decide(request.path("digest"), approval, accounts::actor_of(request)));
  HF_TRY(const auto sight, api.book.sight(decided.digest));
  return json(201, request_json(sight, approval.statement.person, api.book.now(), request.principal));
}

// Which keys' charters name the person, and by which credentials: what a person's own authenticators count for.
Result<Response> charter_approvers(const Request& request, const Api& api) {
  HF_TRY(const auto person, person_of(request));
  HF_TRY(const auto page, net::page_of(request, 1));
  HF_TRY(const auto list, api.book.keys("", page.after.empty() ? std::string() : page.after.front(), page.limit));
  JsonArray items;
  for (const auto& key : list) {
    JsonArray named;
    for (const auto& approver : key.charter.approvers)
      if (approver.person == person)
        named.push_back(JsonObject{
            {"kind", approver.kind == CredentialKind::key ? "key" : "webauthn"},
            {"name", approver.name},
            {"roles", list_of(approver.roles)},
            {"fingerprint", to_hex(crypto::fingerprint_of(approver.key))},
            {"origin", approver.origin.empty() ? Json(nullptr) : Json(approver.origin)},
            {"credential_id", approver.credential_id.empty() ? Json(nullptr) : Json(approver.credential_id)}});
    JsonArray roles;
    for (const auto& step : key.charter.approval.steps)
      for (const auto& role : step.roles)
        if (std::ranges::find(roles, Json(role)) == roles.end()) roles.emplace_back(role);
    items.push_back(JsonObject{{"key", key.name},
                               {"environment", name_of(key.charter.environment)},
                               {"charter_sequence", key.charter.sequence},
                               {"roles", std::move(roles)},
                               {"named", std::move(named)}});
  }
  const bool full = std::int64_t(list.size()) == page.limit;
  return net::page_response(std::move(items), full ? std::optional(std::vector{list.back().name}) : std::nullopt);
}

const net::Parameter kLimit{"limit", "items in a page", "integer"};
const net::Parameter kCursor{"cursor", "`next` of the page before"};

}  // namespace

std::vector<net::Route> routes(const Api& api) {
  using net::handle;
  using enum net::Method;
  std::vector<net::Route> table{
      {.method = get,
       .path = "/v1/signing-keys",
       .permission = "keys.read",
       .summary = "Signing keys by name",
       .response_schema = "SigningKeyLinePage",
       .query = {{"q", "how the name begins"}, kLimit, kCursor},
       .handler = handle(api, &keys)},
      {.method = get,
       .path = "/v1/signing-keys/{name}",
       .permission = "keys.read",
       .summary = "A signing key: its charter, versions, custody and counts",
       .response_schema = "SigningKey",
       .handler = handle(api, &key)},
      {.method = get,
       .path = "/v1/signing-keys/{name}/signatures",
       .permission = "keys.read",
       .summary = "Every use of a key, newest first",
       .response_schema = "SignatureLinePage",
       .query = {kLimit, kCursor},
       .handler = handle(api, &signatures)},
      {.method = get,
       .path = "/v1/charter-approvers",
       .permission = "keys.read",
       .summary = "Keys by name, with the credentials by which their charters name a person",
       .response_schema = "CharterApproverLinePage",
       .query = {{"person", "as charters name them; else who asks"}, kLimit, kCursor},
       .handler = handle(api, &charter_approvers)},
      {.method = get,
       .path = "/v1/signing-requests",
       .permission = "keys.read",
       .summary =
           "Signing requests: those open by expiry, others newest first. A page may be short although more follow",
       .response_schema = "SigningRequestLinePage",
       .query = {{"state", "open, waiting, approved, used, rejected, expired, superseded or refused"},
                 {"key", "name of a signing key"},
                 kLimit,
                 kCursor},
       .handler = handle(api, &requests)},
      {.method = get,
       .path = "/v1/signing-requests/{digest}",
       .permission = "keys.read",
       .summary = "A signing request: what will be signed, what is lacking, and the statements to sign",
       .response_schema = "SigningRequest",
       .query = {{"person", "who would decide, as the charter names them; else who asks"}},
       .handler = handle(api, &signing_request)},
      {.method = post,
       .path = "/v1/signing-requests/{digest}/decisions",
       .permission = "keys.decide",
       .body_max = kApprovalMax,
       .content_types = {"application/json"},
       .summary = "Hand in a person's signed approval or rejection",
       .request_schema = "Approval",
       .response_schema = "SigningRequest",
       .success = 201,
       .handler = handle(api, &decide)},
  };
  for (auto& route : asking_routes(api)) table.push_back(std::move(route));
  for (auto& route : debug_routes(api)) table.push_back(std::move(route));
  return table;
}

}  // namespace hf::keys
