// What wraps every handler, in this order: who asks, how often, whether they may, whether this was asked before; and
// afterwards the record of a denial, the security headers, one log line and the metrics.
//
// Stages are given by the composition root, per listener. A stage that is not given is left out, except that a
// route with a permission and no authenticator answers 401: nothing opens by being forgotten.
#pragma once

#include <chrono>
#include <optional>

#include "base/text.h"
#include "net/log.h"
#include "net/metrics.h"
#include "net/rate_limit.h"
#include "net/route.h"

namespace hf::net {

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Anonymous if the request carries no credential; `unauthenticated` if it carries one that does not hold,
  // `forbidden` if a browser's request lacks its CSRF token.
  [[nodiscard]] virtual Result<Principal> authenticate(const Request& request) = 0;
};

// Told of every answer 401 and 403, with the principal as far as it is known.
class Denials {
 public:
  virtual ~Denials() = default;
  virtual void denied(const Request& request, int status, std::string_view code) = 0;
};

// Answers of changing requests by (principal, Idempotency-Key), so that a client that lost the answer can ask again
// (draft-ietf-httpapi-idempotency-key-header).
class Idempotency {
 public:
  struct Kept {
    int status = 200;
    std::string content_type, location, body;
  };
  struct Claim {
    enum What { fresh, replay, other_request, in_progress } what = fresh;
    Kept kept{};
  };
  virtual ~Idempotency() = default;
  // `digest` is of method, path, query and body. With `fresh` the key is the caller's until keep() or give_back().
  [[nodiscard]] virtual Result<Claim> claim(std::string_view principal, std::string_view key, ByteView digest) = 0;
  [[nodiscard]] virtual Result<void> keep(std::string_view principal, std::string_view key, const Kept& kept) = 0;
  virtual void give_back(std::string_view principal, std::string_view key) = 0;
};

struct SecurityHeaders {
  // The pages load only what this server serves; nothing frames them; no form goes elsewhere.
  std::string page_policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
      "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
  std::string other_policy = "default-src 'none'; frame-ancestors 'none'";
  std::string transport = "max-age=31536000";  // Strict-Transport-Security (RFC 6797), over TLS only
};

// Pointers are not owned and outlive the pipeline. All of them are called from many threads.
struct Stages {
  Authenticator* authenticator = nullptr;
  Denials* denials = nullptr;
  Idempotency* idempotency = nullptr;
  RateLimiter* per_address = nullptr;  // requests of no proven principal
  RateLimiter* per_principal = nullptr;
  const Log* log = nullptr;
  Metrics* metrics = nullptr;
  SecurityHeaders headers{};
};

class Pipeline {
 public:
  explicit Pipeline(Router router, Stages stages = {}) : router_(std::move(router)), stages_(std::move(stages)) {}

  [[nodiscard]] const Router& router() const { return router_; }
  // Before a large content is read: whoever may not send it must not fill the disk with it. Nothing: let it come.
  [[nodiscard]] std::optional<Response> refuse_early(const Route& route, Request& request) const;
  [[nodiscard]] Response handle(const Route& route, Request& request) const;
  // What HTTP refused before a handler was found or asked (404, 405, 413, 431 ...): headers, log and metrics.
  void refused(const Request& request, Response& response) const;

 private:
  [[nodiscard]] Response answer(const Route& route, Request& request) const;
  [[nodiscard]] Result<void> admit(const Route& route, Request& request) const;
  void note_denial(const Request& request, const Response& response) const;
  [[nodiscard]] Response call(const Route& route, const Request& request) const;
  [[nodiscard]] Response call_once(const Route& route, const Request& request, std::string_view key) const;
  void finish(std::string_view pattern, const Request& request, Response& response,
              std::chrono::steady_clock::time_point since) const;

  Router router_;
  Stages stages_;
};

}  // namespace hf::net
