// Every route of every listener, as one table: what the server serves, OpenAPI describes and the permission test walks.
#pragma once

#include <memory>
#include <vector>

#include "accounts/http.h"
#include "catalog/http.h"
#include "ceremony/http.h"
#include "factory/http.h"
#include "fleet/http.h"
#include "instance/instance.h"
#include "keys/http.h"
#include "net/events.h"
#include "net/metrics.h"
#include "pki/http.h"
#include "pki/http_est.h"
#include "pki/http_register.h"
#include "portfolio/http.h"
#include "trace/http.h"

namespace hf::app {

// What the handlers work on. Outlives the routes.
struct Services {
  // `signer`: null for a server that makes no signatures.
  Services(instance::Instance& opened, accounts::Service& people, keys::Signer* signer = nullptr);

  instance::Instance& instance;
  accounts::Api accounts;
  catalog::Api catalog;
  keys::Register book;
  std::optional<keys::Service> signing;
  keys::Api keys;
  pki::Registry authorities;
  pki::Responder responder;
  pki::Enrolment enrolment;
  pki::Api ocsp;
  pki::EstApi est;
  ceremony::Service ceremonies;
  ceremony::Api ceremony;
  std::optional<pki::Issuer> issuer;
  pki::RegisterApi certificates;
  factory::Api factory;
  fleet::Api fleet;
  portfolio::Api portfolio;
  trace::Api trace;
  net::EventHub events;
  net::Metrics metrics;
  std::function<bool()> ready = [] { return true; };
};

// The operator's: REST, the UI, events, health, OpenAPI.
[[nodiscard]] Result<std::vector<net::Route>> operator_routes(Services& services);
// The factory's: units and stations' bundles in.
[[nodiscard]] std::vector<net::Route> factory_routes(Services& services);
// Devices': what they run, and their certificates over EST.
[[nodiscard]] std::vector<net::Route> device_routes(Services& services);
// The public's: checkpoint and tiles, OCSP and CRLs.
[[nodiscard]] std::vector<net::Route> public_routes(Services& services);
[[nodiscard]] net::Schemas schemas();
[[nodiscard]] std::vector<net::Schemas> schemas_by_domain();  // no name is in two of them

}  // namespace hf::app
