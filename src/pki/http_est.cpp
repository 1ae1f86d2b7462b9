#include "pki/http_est.h"

#include "accounts/authenticator.h"
#include "net/problem.h"

namespace hf::pki {
namespace {

using net::Request;
using net::Response;

std::string_view label_of(const Request& request) {
  const auto label = request.path("label");
  return label.empty() ? kEstDefaultLabel : label;
}

// RFC 8951 3.2.2: base64, whatever the header says; it is sent for clients that look for it.
Response encoded(std::string_view type, ByteView der) {
  Response response;
  response.headers.add("Content-Type", std::string(type));
  response.headers.add("Content-Transfer-Encoding", "base64");
  response.headers.add("Cache-Control", "no-store");
  response.content = est_text(der);
  return response;
}

auto unknown(std::string why) { return fail(ErrorKind::unauthenticated, "HF-PKI-0037", std::move(why)); }

// The token of "Basic base64(name:token)" (RFC 7617), whose name says nothing, or of "Bearer token".
std::optional<std::string> secret_in(std::string_view authorization) {
  const auto space = authorization.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto scheme = to_lower(authorization.substr(0, space));
  const auto value = trim(authorization.substr(space));
  if (scheme == "bearer") return std::string(value);
  if (scheme != "basic") return std::nullopt;
  const auto pair = from_base64(value);
  if (!pair) return std::nullopt;
  const auto text = text_of(*pair);
  const auto colon = text.find(':');
  return colon == std::string_view::npos ? std::nullopt : std::optional(std::string(text.substr(colon + 1)));
}

Result<net::Principal> principal_of(const Request& request, const EstApi& api) {
  std::optional<accounts::ApiToken> token;
  if (request.headers.find("Authorization")) {
    const auto secret = secret_in(request.header("Authorization"));
    if (!secret || request.headers.count("Authorization") != 1)
      return unknown("Authorization takes HTTP Basic with an API token as password");
    HF_TRY(token, api.people.token(*secret));
    if (!token) return unknown("the token is unknown, expired or revoked");
  } else if (const auto& certificate = request.peer.certificate; certificate && certificate->verified) {
    HF_TRY(token, api.people.token_of_certificate(certificate->sha256));
  }
  if (!token) return unknown("authentication is needed: HTTP Basic with an API token as password");
  auto principal = accounts::principal_of(*token);
  if (!principal.may(kEnrol))
    return fail(ErrorKind::forbidden, "HF-PKI-0038", "this needs the permission '" + std::string(kEnrol) + "'");
  return principal;
}

Result<void> check_tls(const Request& request) {
  if (request.peer.tls) return {};
  return fail(ErrorKind::forbidden, "HF-PKI-0039", "EST is served over TLS only (RFC 7030 3.3)");
}

// What RFC 7030 3.2.3 wants of a refusal: a challenge that clients of EST know.
Result<Response> challenged(const Request& request, const Error& error) {
  if (error.kind != ErrorKind::unauthenticated) return fail(error);
  auto response = net::problem(error, net::Stage::admission, request.id);
  response.headers.set("WWW-Authenticate", "Basic realm=\"holdfast-est\", charset=\"UTF-8\"");
  return response;
}

Result<Response> told(const Request& request, const Result<Enrolled>& enrolled) {
  if (!enrolled) return challenged(request, enrolled.error());
  if (enrolled->certificate)
    return encoded("application/pkcs7-mime; smime-type=certs-only", certs_only({&*enrolled->certificate, 1}));
  Response response = net::text_response(202, "the enrolment waits for a decision; ask again\n");
  response.headers.set("Retry-After", std::to_string(enrolled->retry_after.count()));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

Result<Response> ca_certificates(const Request& request, const EstApi& api) {
  HF_CHECK(check_tls(request));
  HF_TRY(const auto list, api.enrolment.ca_certificates(label_of(request)));
  return encoded("application/pkcs7-mime; smime-type=certs-only", certs_only(list));
}

Result<Response> attributes(const Request& request, const EstApi& api) {
  HF_CHECK(check_tls(request));
  HF_TRY(const auto list, api.enrolment.attributes(label_of(request)));
  return encoded("application/csrattrs", list);
}

Result<Response> enrol(const Request& request, const EstApi& api) {
  HF_CHECK(check_tls(request));
  const auto principal = principal_of(request, api);
  if (!principal) return challenged(request, principal.error());
  HF_TRY(const auto csr, est_body(request.body.text()));
  return told(request, api.enrolment.enrol(label_of(request), csr, {principal->id, principal->role}));
}

Result<Response> renew(const Request& request, const EstApi& api) {
  HF_CHECK(check_tls(request));
  if (!request.peer.certificate)
    return challenged(request, {ErrorKind::unauthenticated,
                                "HF-PKI-0037",
                                "a renewal is asked for over TLS with the certificate that is renewed",
                                {}});
  HF_TRY(const auto csr, est_body(request.body.text()));
  return told(request, api.enrolment.renew(label_of(request), csr, request.peer.certificate->der));
}

using Answer = Result<Response> (*)(const Request&, const EstApi&);

net::Route route_of(const EstApi& api, net::Method method, std::string_view path, std::string_view summary,
                    std::string_view type, Answer answer) {
  net::Route route{.method = method,
                   .path = path,
                   .permission = net::kPublic,
                   .summary = summary,
                   .response_type = type,
                   .handler = net::handle(api, answer)};
  if (method == net::Method::post) route.body_max = kEstBodyMax, route.content_types = {"application/pkcs10"};
  return route;
}

}  // namespace

std::vector<net::Route> est_routes(const EstApi& api) {
  using enum net::Method;
  constexpr std::string_view kCertificates = "application/pkcs7-mime";
  return {
      route_of(api, get, "/.well-known/est/cacerts", "EST: the CA's certificates (RFC 7030 4.1)", kCertificates,
               &ca_certificates),
      route_of(api, get, "/.well-known/est/{label}/cacerts", "The same of a label", kCertificates, &ca_certificates),
      route_of(api, post, "/.well-known/est/simpleenroll", "EST: a first certificate (4.2.1)", kCertificates, &enrol),
      route_of(api, post, "/.well-known/est/{label}/simpleenroll", "The same of a label", kCertificates, &enrol),
      route_of(api, post, "/.well-known/est/simplereenroll", "EST: renewal with the current certificate (4.2.2)",
               kCertificates, &renew),
      route_of(api, post, "/.well-known/est/{label}/simplereenroll", "The same of a label", kCertificates, &renew),
      route_of(api, get, "/.well-known/est/csrattrs", "EST: what a request should hold (4.5)", "application/csrattrs",
               &attributes),
      route_of(api, get, "/.well-known/est/{label}/csrattrs", "The same of a label", "application/csrattrs",
               &attributes),
  };
}

}  // namespace hf::pki
