// Everything of accounts that a listener needs, put together once by the composition root:
//
//   accounts::Platform platform(database, clock, log, metrics);
//   auto routes = platform.routes();                        // and those of the other domains
//   net::add_openapi_route(routes, schemas, {.version = HF_VERSION});
//   listener.serves = std::make_shared<net::Pipeline>(net::Router(std::move(routes)), platform.stages());
#pragma once

#include <memory>

#include "accounts/authenticator.h"
#include "accounts/denials.h"
#include "accounts/http.h"
#include "accounts/idempotency.h"

namespace hf::accounts {

struct Rates {
  net::Rate per_address{.per_second = 20, .burst = 100};    // nobody is proven yet
  net::Rate per_principal{.per_second = 100, .burst = 400};
};

class Platform {
 public:
  // `database`, `clock`, `log` and `metrics` outlive it; it outlives every server that has its stages.
  Platform(db::Database& database, const Clock& clock, const net::Log& log, net::Metrics& metrics, Settings settings = {})
      : clock_(clock), log_(log), metrics_(metrics), service_(database, clock, settings), authenticator_(service_),
        denials_(database, clock, &log), idempotency_(database, clock) {}

  [[nodiscard]] Service& service() { return service_; }
  [[nodiscard]] std::vector<net::Route> routes() const { return accounts::routes(api_); }
  // For one listener: its own rates, so that a storm on one does not spend another's.
  [[nodiscard]] net::Stages stages(const Rates& rates = {}) {
    limiters_.push_back(std::make_unique<net::RateLimiter>(clock_, rates.per_address));
    auto* per_address = limiters_.back().get();
    limiters_.push_back(std::make_unique<net::RateLimiter>(clock_, rates.per_principal));
    return {.authenticator = &authenticator_, .denials = &denials_, .idempotency = &idempotency_, .per_address = per_address,
            .per_principal = limiters_.back().get(), .log = &log_, .metrics = &metrics_};
  }
  // Denials that are only counted so far become entries; call it every minute, and after the last request.
  void flush() { denials_.flush(); }

 private:
  const Clock& clock_;
  const net::Log& log_;
  net::Metrics& metrics_;
  Service service_;
  Api api_{service_};
  Authenticator authenticator_;
  DenialRecorder denials_;
  IdempotencyStore idempotency_;
  std::vector<std::unique_ptr<net::RateLimiter>> limiters_;
};

}  // namespace hf::accounts
