#include "pki/http.h"

#include <algorithm>

namespace hf::pki {
namespace {

using net::Request;
using net::Response;

const ledger::Actor kActor{std::string(kOcspRequester), "responder"};
// At most for so long may others keep an answer: a revocation is then seen.
constexpr std::chrono::seconds kSharedMax{3600};

Response ocsp_response(ByteView der) {
  Response response;
  response.headers.add("Content-Type", "application/ocsp-response");
  response.content = std::string(text_of(der));
  return response;
}

// What has an OCSPResponseStatus of its own (4.2.1); anything else is a problem of HTTP.
std::optional<OcspStatus> status_of(const Error& error) {
  if (error.code == "HF-PKI-0027") return OcspStatus::malformed_request;
  if (error.code == "HF-PKI-0029") return OcspStatus::internal_error;
  if (error.code == "HF-PKI-0030") return OcspStatus::unauthorized;
  if (error.code == "HF-PKI-0031" || error.code == "HF-SIGNER-0012") return OcspStatus::try_later;
  return std::nullopt;
}

Result<Response> answer(const Request& request, const Api& api, ByteView der) {
  const auto reply = api.responder.answer(request.path("ca"), der, kActor);
  if (!reply) {
    const auto status = status_of(reply.error());
    if (!status) return fail(reply.error());
    auto response = ocsp_response(ocsp_refusal(*status));
    response.headers.add("Cache-Control", "no-store");
    response.error_code = reply.error().code;
    response.error_detail = reply.error().message;
    return response;
  }
  auto response = ocsp_response(*reply->response);
  if (!reply->shared) {
    response.headers.add("Cache-Control", "no-store");
    return response;
  }
  const auto left = std::chrono::floor<std::chrono::seconds>(reply->next_update - request.received);
  const auto age = std::clamp(left, std::chrono::seconds(0), kSharedMax);
  response.headers.add("Cache-Control",
                       "max-age=" + std::to_string(age.count()) + ", public, no-transform, must-revalidate");
  response.headers.add("Last-Modified", net::http_date(reply->this_update));
  response.headers.add("Expires", net::http_date(request.received + age));
  response.headers.add("ETag", "\"" + to_hex(crypto::sha256({*reply->response})) + "\"");
  return response;
}

Result<Response> ask(const Request& request, const Api& api) {
  return answer(request, api, bytes_of(request.body.text()));
}

// A.1: the base64 of the request, percent-encoded; some clients leave its slashes as they are.
Result<Response> ask_in_path(const Request& request, const Api& api) {
  const auto der = from_base64(request.path("request"));
  return answer(request, api, der.value_or(Bytes()));
}

}  // namespace

std::vector<net::Route> routes(const Api& api) {
  using net::handle;
  using enum net::Method;
  return {
      {.method = post,
       .path = "/ocsp/{ca}",
       .permission = net::kPublic,
       .body_max = kOcspRequestMax,
       .content_types = {"application/ocsp-request"},
       .summary = "OCSP (RFC 6960): whether a certificate of the CA is revoked",
       .response_type = "application/ocsp-response",
       .handler = handle(api, &ask)},
      {.method = get,
       .path = "/ocsp/{ca}/{request...}",
       .permission = net::kPublic,
       .summary = "The same, with the request in the path (RFC 6960 A.1)",
       .response_type = "application/ocsp-response",
       .handler = handle(api, &ask_in_path)},
  };
}

}  // namespace hf::pki
