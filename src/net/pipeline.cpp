#include "net/pipeline.h"

#include <algorithm>
#include <exception>

#include "crypto/sha256.h"
#include "net/problem.h"

namespace hf::net {
namespace {

constexpr std::size_t kKeyMax = 255, kKeptBodyMax = 64 * 1024;
constexpr std::string_view kNoRoute = "(none)";

bool is_safe(Method method) { return method == Method::get || method == Method::head || method == Method::options; }

Stage stage_of(const Request& request) { return request.body.empty() ? Stage::handling : Stage::content; }

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= kKeyMax &&
         std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

Response refusal(const Error& error, const Request& request) {
  auto response = problem(error, Stage::admission, request.id);
  if (response.status == 429) response.headers.set("Retry-After", "1");
  return response;
}

crypto::Sha256 digest_of(const Request& request) {
  // NUL separates: neither a method nor a target holds one.
  const std::string head = std::string(name_of(request.method)) + '\0' + request.target + '\0';
  return crypto::sha256({bytes_of(head), bytes_of(request.body.text())});
}

}  // namespace

void Pipeline::note_denial(const Request& request, const Response& response) const {
  if ((response.status == 401 || response.status == 403) && stages_.denials)
    stages_.denials->denied(request, response.status, response.error_code);
}

std::optional<Response> Pipeline::refuse_early(const Route& route, Request& request) const {
  const auto since = std::chrono::steady_clock::now();
  const auto admitted = admit(route, request);
  request.admitted = admitted.has_value();
  if (admitted) return std::nullopt;
  auto response = refusal(admitted.error(), request);
  note_denial(request, response);
  finish(route.path, request, response, since);
  return response;
}

Response Pipeline::handle(const Route& route, Request& request) const {
  const auto since = std::chrono::steady_clock::now();
  auto response = answer(route, request);
  note_denial(request, response);
  finish(route.path, request, response, since);
  return response;
}

void Pipeline::refused(const Request& request, Response& response) const {
  finish(request.path_pattern.empty() ? kNoRoute : request.path_pattern, request, response,
         std::chrono::steady_clock::now());
}

Response Pipeline::answer(const Route& route, Request& request) const {
  if (!request.admitted)
    if (const auto admitted = admit(route, request); !admitted) return refusal(admitted.error(), request);
  const auto key = request.header("Idempotency-Key");
  if (!route.idempotency_key || key.empty() || !stages_.idempotency || is_safe(request.method))
    return call(route, request);
  if (!is_key(key))
    return problem(400, "HF-HTTP-0040", "Idempotency-Key takes 1 to 255 visible ASCII characters", request.id);
  return call_once(route, request, key);
}

Result<void> Pipeline::admit(const Route& route, Request& request) const {
  const auto take = [&](RateLimiter* limiter, std::string_view who) -> Result<void> {
    if (!limiter || limiter->take(who)) return {};
    return fail(ErrorKind::limit, "HF-HTTP-0041", "too many requests; wait a second and try again");
  };
  // A form or a script of another site cannot name this header (Fetch Metadata): the cheap second line behind
  // SameSite and the CSRF token, also for the login, which has neither yet.
  if (!is_safe(request.method) && request.header("Sec-Fetch-Site") == "cross-site")
    return fail(ErrorKind::forbidden, "HF-HTTP-0042", "the request came from a page of another site");
  if (route.permission == kPublic) return take(stages_.per_address, request.peer.address);

  if (!stages_.authenticator) return fail(ErrorKind::unauthenticated, "HF-HTTP-0043", "authentication is needed");
  auto principal = stages_.authenticator->authenticate(request);
  if (!principal || principal->anonymous()) {
    HF_CHECK(take(stages_.per_address, request.peer.address));
    if (!principal) return fail(std::move(principal).error());
    return fail(ErrorKind::unauthenticated, "HF-HTTP-0043", "authentication is needed: sign in, or send a token");
  }
  request.principal = *std::move(principal);
  HF_CHECK(take(stages_.per_principal, request.principal.id));
  if (route.permission != kSignedIn && !request.principal.may(route.permission))
    return fail(ErrorKind::forbidden, "HF-HTTP-0044",
                "this needs the permission '" + std::string(route.permission) + "'");
  return {};
}

Response Pipeline::call(const Route& route, const Request& request) const {
  try {
    auto response = route.handler(request);
    if (!response) return problem(response.error(), stage_of(request), request.id);
    return *std::move(response);
  } catch (const std::exception& e) {
    auto response =
        problem(500, "HF-HTTP-0017", "the server failed; the request id tells the operator why", request.id);
    response.error_detail = e.what();
    return response;
  }
}

Response Pipeline::call_once(const Route& route, const Request& request, std::string_view key) const {
  auto& store = *stages_.idempotency;
  const auto& who = request.principal.anonymous() ? request.peer.address : request.principal.id;
  const auto digest = digest_of(request);
  const auto claim = store.claim(who, key, digest);
  if (!claim) return problem(claim.error(), Stage::admission, request.id);
  switch (claim->what) {
    case Idempotency::Claim::other_request:
      return problem(422, "HF-HTTP-0045", "this Idempotency-Key was used for another request", request.id);
    case Idempotency::Claim::in_progress: {
      auto response =
          problem(409, "HF-HTTP-0046", "a request with this Idempotency-Key is still being answered", request.id);
      response.headers.set("Retry-After", "1");
      return response;
    }
    case Idempotency::Claim::replay: {
      Response response;
      response.status = claim->kept.status;
      if (!claim->kept.content_type.empty()) response.headers.set("Content-Type", claim->kept.content_type);
      if (!claim->kept.location.empty()) response.headers.set("Location", claim->kept.location);
      response.headers.set("Idempotency-Replayed", "true");
      response.content = claim->kept.body;
      return response;
    }
    case Idempotency::Claim::fresh: break;
  }
  auto response = call(route, request);
  const auto* body = std::get_if<std::string>(&response.content);
  // A failure of ours and a refusal for now may be asked again; so may an answer that is too large to keep.
  if (!body || body->size() > kKeptBodyMax || response.status >= 500 || response.status == 429) {
    store.give_back(who, key);
    return response;
  }
  const Idempotency::Kept kept{response.status, std::string(response.headers.find("Content-Type").value_or("")),
                               std::string(response.headers.find("Location").value_or("")), *body};
  if (const auto done = store.keep(who, key, kept); !done && stages_.log)
    stages_.log->error("idempotency_key_not_kept",
                       {{"request_id", request.id}, {"problem", done.error().code}, {"detail", done.error().detail}});
  return response;
}

void Pipeline::finish(std::string_view pattern, const Request& request, Response& response,
                      std::chrono::steady_clock::time_point since) const {
  auto& headers = response.headers;
  const bool page = headers.find("Content-Type").value_or("").starts_with("text/html");
  headers.set_if_absent("Content-Security-Policy", page ? stages_.headers.page_policy : stages_.headers.other_policy);
  headers.set_if_absent("X-Content-Type-Options", "nosniff");
  headers.set_if_absent("Referrer-Policy", "no-referrer");
  headers.set_if_absent("Cross-Origin-Opener-Policy", "same-origin");
  headers.set_if_absent("Cross-Origin-Resource-Policy", "same-origin");
  if (request.peer.tls) headers.set_if_absent("Strict-Transport-Security", stages_.headers.transport);
  // What was shown to one principal stays out of caches.
  if (!request.principal.anonymous()) headers.set_if_absent("Cache-Control", "no-store");
  if (response.status == 401)
    headers.set_if_absent("WWW-Authenticate", "Bearer realm=\"holdfast\"");  // RFC 9110 section 15.5.2

  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - since;
  if (stages_.metrics) {
    const auto status = std::to_string(response.status);
    stages_.metrics
        ->counter("hf_http_requests_total", "Requests answered.",
                  {{"listener", request.listener},
                   {"method", name_of(request.method)},
                   {"route", pattern},
                   {"status", status}})
        .add();
    stages_.metrics
        ->histogram("hf_http_request_seconds", "Time from the whole request to its answer.",
                    {{"listener", request.listener}, {"route", pattern}}, latency_buckets())
        .observe(took.count());
  }
  if (stages_.log) {
    const auto level = response.status >= 500 ? Level::error : Level::info;
    if (!stages_.log->enabled(level)) return;
    const auto target = redact_target(request.target);
    stages_.log->write(level, "request",
                       {{"listener", request.listener},
                        {"request_id", request.id},
                        {"trace_id", request.trace_id},
                        {"peer", request.peer.address},
                        {"principal", request.principal.id},
                        {"method", name_of(request.method)},
                        {"target", std::string_view(target).substr(0, 2048)},
                        {"status", std::int64_t(response.status)},
                        {"seconds", took.count()},
                        {"problem", response.error_code},
                        {"detail", response.error_detail}});
  }
}

}  // namespace hf::net
