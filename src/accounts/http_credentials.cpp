#include "accounts/http_credentials.h"

#include "accounts/authenticator.h"
#include "accounts/http_json.h"
#include "accounts/http_person.h"
#include "crypto/base64url.h"
#include "net/page.h"
#include "net/schema.h"

namespace hf::accounts {
namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kBodyMax = 64U << 10;

Result<Site> site_of(const Request& request, const Api& api) {
  return api.origin.empty() ? site_of_host(request.header("Host")) : site_of_origin(api.origin);
}

JsonObject json_of(const Credential& one, const net::Principal& seen_by) {
  const std::string_view no_removal = one.removed_at           ? "it is removed"
                                      : seen_by.kind != "user" ? "this needs a person who is signed in"
                                                               : "";
  JsonObject remove{{"action", "remove"}, {"allowed", no_removal.empty()}};
  if (!no_removal.empty()) remove["reason"] = no_removal;
  return {{"id", std::to_string(one.id.value)},
          {"subject", subject_of(one.id)},
          {"person", subject_of(one.account)},
          {"name", one.name},
          {"credential_id", one.credential_id},
          {"rp_id", one.rp_id},
          {"origin", one.origin},
          {"algorithm", crypto::name_of(one.key.algorithm)},
          {"public_key", crypto::to_pem(one.key)},
          {"fingerprint", to_hex(crypto::fingerprint_of(one.key))},
          {"attestation", one.self_attested ? "self" : "none"},
          {"backed_up", one.backed_up},
          {"registered_at", format_rfc3339(one.registered_at)},
          {"removed_at", one.removed_at ? Json(format_rfc3339(*one.removed_at)) : Json(nullptr)},
          {"entry", one.entry},
          {"allowed_actions", JsonArray{std::move(remove)}}};
}

Result<Response> list(const Request& request, const Api& api) {
  const auto owner = user_of(request);
  if (!owner) return users_only();
  HF_TRY(const auto page, net::page_of(request, 1));
  HF_TRY(const auto after, page.after_number());
  HF_TRY(const auto found, api.service.credentials().list(*owner, CredentialId{after}, page.limit));
  JsonArray items;
  for (const auto& one : found) items.push_back(json_of(one, request.principal));
  const bool full = std::int64_t(found.size()) == page.limit;
  return net::page_response(std::move(items),
                            full ? std::optional(std::vector{std::to_string(found.back().id.value)}) : std::nullopt);
}

Result<Response> challenge(const Request& request, const Api& api) {
  const auto owner = user_of(request);
  const auto cookie = request.cookie(kCookie);
  if (!owner || !cookie) return users_only();
  HF_TRY(const auto site, site_of(request, api));
  const auto book = api.service.credentials();
  HF_TRY(const auto account, api.service.account(*owner));
  HF_TRY(const auto known, book.ids(*owner));
  JsonArray algorithms, exclude;
  for (const auto algorithm : crypto::kCredentialAlgorithms) algorithms.emplace_back(algorithm);
  for (const auto& id : known) exclude.emplace_back(id);
  const auto subject = subject_of(*owner);
  auto response = net::json_text_response(
      201, to_text(JsonObject{{"challenge", crypto::to_base64url(book.challenge(*cookie))},
                              {"rp_id", site.rp_id},
                              {"origin", site.origin},
                              {"user_id", crypto::to_base64url(bytes_of(subject))},
                              {"user_name", account.name},
                              {"algorithms", std::move(algorithms)},
                              {"exclude", std::move(exclude)},
                              {"expires_at", format_rfc3339(request.received + CredentialBook::patience())}}));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

Result<Response> add(const Request& request, const Api& api) {
  const auto owner = user_of(request);
  const auto cookie = request.cookie(kCookie);
  if (!owner || !cookie) return users_only();
  Fields fields(request);
  const auto name = fields.text("name"), challenge = fields.text("challenge"), client = fields.text("client_data"),
             object = fields.text("attestation_object");
  HF_CHECK(fields.finish());
  HF_TRY(const auto site, site_of(request, api));
  // What is no base64url is empty, and then refused for what it is not.
  const auto bytes = [](const std::string& text) { return crypto::from_base64url(text).value_or(Bytes()); };
  HF_TRY(const auto made, api.service.credentials().add(actor_of(request), *owner, site, *cookie,
                                                        {name, bytes(challenge), bytes(client), bytes(object)}));
  return net::json_text_response(201, to_text(json_of(made, request.principal)));
}

Result<Response> remove(const Request& request, const Api& api) {
  const auto owner = user_of(request);
  if (!owner) return users_only();
  HF_TRY(const auto id, id_of<CredentialKind>(request, "HF-ACCOUNT-0036", "authenticator"));
  HF_CHECK(api.service.credentials().remove(actor_of(request), *owner, id));
  return net::no_content();
}

}  // namespace

std::vector<net::Route> credential_routes(const Api& api) {
  using net::Method;
  return {
      {.path = "/v1/credentials",
       .permission = net::kSignedIn,
       .summary = "One's own authenticators (WebAuthn), oldest first, removed ones too",
       .response_schema = "CredentialPage",
       .paged = true,
       .handler = net::handle(api, &list)},
      {.method = Method::post,
       .path = "/v1/credentials/challenge",
       .permission = net::kSignedIn,
       .summary = "Begin to register an authenticator: what the browser is to ask it (WebAuthn Level 2, section 5.4)",
       .response_schema = "CredentialChallenge",
       .success = 201,
       .handler = net::handle(api, &challenge)},
      {.method = Method::post,
       .path = "/v1/credentials",
       .permission = net::kSignedIn,
       .body_max = kBodyMax,
       .content_types = {"application/json"},
       .summary = "Register an authenticator of one's own. It counts for a key once the key's charter names it",
       .request_schema = "NewCredential",
       .response_schema = "Credential",
       .success = 201,
       .handler = net::handle(api, &add)},
      {.method = Method::del,
       .path = "/v1/credentials/{id}",
       .permission = net::kSignedIn,
       .summary = "Remove an authenticator. Charters that name it still do",
       .success = 204,
       .handler = net::handle(api, &remove)},
  };
}

net::Schemas credential_schemas() {
  using namespace net::schema;
  const auto base64url = [](std::string_view what) { return matching("^[A-Za-z0-9_-]+$", what); };
  return {
      {"Credential", to_text(object({{"id", text()},
                                     {"subject", text("how evidence names it")},
                                     {"person", text("how evidence, and a charter, name its owner")},
                                     {"name", text("as its owner calls it")},
                                     {"credential_id", base64url("base64url")},
                                     {"rp_id", text("the relying party that it answers to")},
                                     {"origin", text("the address of the UI that it answers to")},
                                     {"algorithm", text()},
                                     {"public_key", text("PEM")},
                                     {"fingerprint", sha256("of the SubjectPublicKeyInfo")},
                                     {"attestation", choice({"none", "self"})},
                                     {"backed_up", flag("it is not bound to one device")},
                                     {"registered_at", time()},
                                     {"removed_at", or_null(time())},
                                     {"entry", count("of the ledger")},
                                     {"allowed_actions", array(ref("AllowedAction"))}},
                                    "A person's authenticator. It counts for a key once the key's charter names it"))},
      {"CredentialPage", net::page_schema("Credential")},
      {"CredentialChallenge",
       to_text(object({{"challenge", base64url("base64url; good once, for this session")},
                       {"rp_id", text()},
                       {"origin", text()},
                       {"user_id", base64url("base64url")},
                       {"user_name", text()},
                       {"algorithms", array(JsonObject{{"type", "integer"}}, "COSE, the best first")},
                       {"exclude", array(base64url("base64url"), "ids that are registered")},
                       {"expires_at", time()}}))},
      {"NewCredential", to_text(object({{"name", text("1 to 64 characters")},
                                        {"challenge", base64url("as it was given")},
                                        {"client_data", base64url("clientDataJSON, base64url")},
                                        {"attestation_object", base64url("base64url; attestation none or self")}}))},
  };
}

}  // namespace hf::accounts
