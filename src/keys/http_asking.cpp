#include "keys/http_asking.h"

#include <charconv>

#include "accounts/authenticator.h"
#include "keys/asking_json.h"
#include "keys/http_json.h"

namespace hf::keys {
namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kAskingMax = 1U << 20;
constexpr std::uint64_t kFileMax = 4U << 10;

Response json(int status, const JsonObject& object) { return net::json_text_response(status, to_text(object)); }

Result<Response> shown(const Request& request, const Api& api, std::string_view digest) {
  HF_TRY(const auto sight, api.book.sight(digest));
  return json(201, request_json(sight, request.principal.accountable(), api.book.now(), request.principal));
}

Result<Service*> signer_of(const Api& api) {
  if (api.signing) return api.signing;
  return fail(ErrorKind::unavailable, "HF-KEYS-0022",
              "this server has no signer: start it with --signer on the machine that has the token, or run 'holdfast "
              "sign run' there");
}

Result<Response> ask(const Request& request, const Api& api) {
  HF_TRY(const auto body, parse_json(request.body.text()));
  HF_TRY(auto wanted, new_request_of(body));
  wanted.requester = request.principal.id;
  wanted.person = request.principal.accountable();
  HF_TRY(const auto stored, api.book.ask(wanted, accounts::actor_of(request)));
  return shown(request, api, stored.digest);
}

Result<Response> ask_grant(const Request& request, const Api& api) {
  HF_TRY(const auto body, parse_json(request.body.text()));
  HF_TRY(auto wanted, new_grant_of(body));
  wanted.requester = request.principal.id;
  wanted.person = request.principal.accountable();
  if (wanted.grant.requesters.empty()) wanted.grant.requesters = {wanted.requester};
  HF_TRY(const auto stored, api.book.ask(wanted, accounts::actor_of(request)));
  return shown(request, api, stored.digest);
}

Result<Response> sign(const Request& request, const Api& api) {
  HF_TRY(auto* const signing, signer_of(api));
  HF_TRY(const auto stored, api.book.request(request.path("digest")));
  const auto& asked = stored.request;
  if (asked.requester != request.principal.id && asked.person != request.principal.accountable())
    return fail(ErrorKind::forbidden, "HF-KEYS-0023",
                "the request is of " + asked.requester + ": whoever asked takes the signature");
  HF_TRY(const auto made, signing->sign(stored.digest, accounts::actor_of(request)));
  return json(201, to_json(made));
}

Result<Response> sign_under(const Request& request, const Api& api) {
  HF_TRY(auto* const signing, signer_of(api));
  HF_TRY(const auto body, parse_json(request.body.text()));
  HF_TRY(auto use, new_request_of(body));
  use.requester = request.principal.id;
  use.person = request.principal.accountable();
  HF_TRY(const auto made, signing->sign_under(request.path("digest"), use, accounts::actor_of(request)));
  return json(201, to_json(made));
}

Result<Response> put_in_force(const Request& request, const Api& api) {
  HF_TRY(auto* const signing, signer_of(api));
  HF_TRY(const auto key, signing->put_in_force(request.path("digest"), accounts::actor_of(request)));
  HF_TRY(const auto sight, api.book.key_sight(key.name));
  HF_TRY(const auto object, key_json(sight));
  return json(201, object);
}

Result<Response> freeze(const Request& request, const Api& api) {
  HF_TRY(auto* const signing, signer_of(api));
  HF_TRY(const auto body, parse_json(request.body.text()));
  HF_TRY(const auto incident, incident_of(body, request.path("name")));
  HF_CHECK(signing->freeze(incident, accounts::actor_of(request)));
  HF_TRY(const auto sight, api.book.key_sight(incident.key));
  HF_TRY(const auto object, key_json(sight));
  return json(201, object);
}

Result<Response> record_file(const Request& request, const Api& api) {
  HF_TRY(auto* const signing, signer_of(api));
  const auto text = request.path("signature");
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size())
    return fail(ErrorKind::invalid, "HF-KEYS-0021", "a signature is named by its number");
  HF_TRY(const auto body, parse_json(request.body.text()));
  HF_TRY(const auto digest, signed_file_of(body));
  HF_CHECK(signing->record_file(id, digest, accounts::actor_of(request)));
  return json(201, {{"signature_id", id}, {"sha256", digest}});
}

}  // namespace

std::vector<net::Route> asking_routes(const Api& api) {
  using net::handle;
  using enum net::Method;
  return {
      {.method = post,
       .path = "/v1/signing-requests",
       .permission = "keys.request",
       .body_max = kAskingMax,
       .content_types = {"application/json"},
       .summary = "Ask for a signature of one artifact, by the evidence that its format reads from it",
       .request_schema = "NewSigningRequest",
       .response_schema = "SigningRequest",
       .success = 201,
       .idempotency_key = true,
       .handler = handle(api, &ask)},
      {.method = post,
       .path = "/v1/signing-grants",
       .permission = "keys.request",
       .body_max = kAskingMax,
       .content_types = {"application/json"},
       .summary = "Ask for a standing grant: signatures that nobody is asked for again",
       .request_schema = "NewSigningGrant",
       .response_schema = "SigningRequest",
       .success = 201,
       .idempotency_key = true,
       .handler = handle(api, &ask_grant)},
      {.method = post,
       .path = "/v1/signing-requests/{digest}/signature",
       .permission = "keys.sign",
       .summary = "Make the signature that was approved; only for whoever asked for it",
       .response_schema = "MadeSignature",
       .success = 201,
       .idempotency_key = true,
       .handler = handle(api, &sign)},
      {.method = post,
       .path = "/v1/signing-grants/{digest}/signatures",
       .permission = "keys.sign",
       .body_max = kAskingMax,
       .content_types = {"application/json"},
       .summary = "Make a signature under a standing grant that names who asks",
       .request_schema = "NewSigningRequest",
       .response_schema = "MadeSignature",
       .success = 201,
       .idempotency_key = true,
       .handler = handle(api, &sign_under)},
      {.method = post,
       .path = "/v1/signing-requests/{digest}/charter",
       .permission = "keys.sign",
       .summary = "Put the charter of an approved request in force",
       .response_schema = "SigningKey",
       .success = 201,
       .handler = handle(api, &put_in_force)},
      {.method = post,
       .path = "/v1/signing-keys/{name}/freeze",
       .permission = "keys.freeze",
       .body_max = kFileMax,
       .content_types = {"application/json"},
       .summary = "Stop a key at once, because it may be compromised; told again, the effective time can move earlier",
       .request_schema = "KeyFreeze",
       .response_schema = "SigningKey",
       .success = 201,
       .handler = handle(api, &freeze)},
      {.method = post,
       .path = "/v1/signatures/{signature}/files",
       .permission = "keys.sign",
       .body_max = kFileMax,
       .content_types = {"application/json"},
       .summary = "Say into which file a signature went: by its digest it is found as the artifact of a build",
       .request_schema = "SignedFile",
       .response_schema = "SignedFileRecord",
       .success = 201,
       .idempotency_key = true,
       .handler = handle(api, &record_file)},
  };
}

}  // namespace hf::keys
