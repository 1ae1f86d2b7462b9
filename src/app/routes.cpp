#include "app/routes.h"

#include "keys/formats/formats.h"
#include "ledger/http.h"
#include "web/routes.h"

namespace hf::app {
namespace {

using net::Request;
using net::Response;

void append(std::vector<net::Route>& table, std::vector<net::Route> more) {
  table.insert(table.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

// Liveness says that the process answers; readiness that it can do its work: the database answers, and it is not about
// to stop.
std::vector<net::Route> health_routes(Services& services) {
  using enum net::Method;
  return {
      {.method = get,
       .path = "/healthz",
       .permission = net::kPublic,
       .summary = "The process is alive",
       .response_type = "text/plain",
       .runs_on = net::RunsOn::io,
       .handler = [](const Request&) -> Result<Response> { return net::text_response(200, "ok\n"); }},
      {.method = get,
       .path = "/readyz",
       .permission = net::kPublic,
       .summary = "The server can do its work",
       .response_type = "text/plain",
       .handler = [&services](const Request&) -> Result<Response> {
         if (!services.ready()) return fail(ErrorKind::unavailable, "HF-APP-0001", "the server is stopping");
         HF_CHECK(
             services.instance.database().read([](const db::Reader& reader) { return ledger::Store(reader).size(); }));
         return net::text_response(200, "ready\n");
       }},
  };
}

std::vector<net::Route> system_routes(Services& services) {
  using enum net::Method;
  return {
      {.method = get,
       .path = "/metrics",
       .permission = "system.read",
       .summary = "Metrics, Prometheus text format",
       .response_type = "text/plain",
       .handler = [&services](const Request&) -> Result<Response> {
         return net::text_response(200, services.metrics.text(), "text/plain; version=0.0.4; charset=utf-8");
       }},
      {.method = get,
       .path = "/v1/events",
       .permission = "ledger.read",
       .summary = "Server-sent events: `ledger` when the log has grown",
       .response_type = "text/event-stream",
       .handler = [&services](const Request& request) { return services.events.subscribe(request, {"ledger"}); }},
      {.method = get,
       .path = "/v1/ledger/status",
       .permission = "ledger.read",
       .summary = "The log: size, newest checkpoint, key",
       .response_schema = "LedgerStatus",
       .handler = [&services](const Request&) -> Result<Response> {
         auto& log = services.instance.log();
         HF_TRY(const auto key, log.verifier_key());
         HF_TRY(auto status, services.instance.database().read([](const db::Reader& reader) -> Result<JsonObject> {
           const ledger::Store store(reader);
           HF_TRY(const auto size, store.size());
           HF_TRY(const auto latest, store.latest_checkpoint());
           return JsonObject{{"size", size},
                             {"published_size", latest ? Json(latest->size) : Json(0)},
                             {"signed_at", latest ? Json(format_rfc3339(latest->signed_at)) : Json(nullptr)}};
         }));
         status["origin"] = log.origin();
         status["verifier_key"] = key.to_text();
         return net::json_text_response(200, to_text(status));
       }},
  };
}

}  // namespace

namespace {

std::optional<keys::Service> signing_with(keys::Signer* signer, instance::Instance& opened) {
  if (!signer) return {};
  return std::optional<keys::Service>(std::in_place, opened.database(), opened.clock(), *signer, &keys::find_format);
}

}  // namespace

Services::Services(instance::Instance& opened, accounts::Service& people, keys::Signer* signer)
    : instance(opened),
      accounts{people},
      catalog{opened.database(), opened.clock()},
      book(opened.database(), opened.clock(), &keys::find_format),
      signing(signing_with(signer, opened)),
      keys{book, signing ? &*signing : nullptr},
      authorities(opened.database(), opened.clock()),
      responder(authorities, keys.signing, opened.database(), opened.clock()),
      enrolment(authorities, keys.signing, opened.database(), opened.clock()),
      ocsp{responder},
      est{enrolment, people},
      ceremonies(opened.database(), opened.clock()),
      ceremony{ceremonies},
      issuer(signing
                 ? std::optional<pki::Issuer>(std::in_place, authorities, *signing, opened.database(), opened.clock())
                 : std::nullopt),
      certificates{authorities, pki::LookUp(authorities, opened.database()), issuer ? &*issuer : nullptr},
      factory{opened.database(), opened.clock()},
      fleet{opened.database(), opened.clock()},
      portfolio{opened.database(), opened.blobs(), opened.clock()},
      trace{opened.database(), opened.clock()} {}

Result<std::vector<net::Route>> operator_routes(Services& services) {
  auto table = health_routes(services);
  append(table, system_routes(services));
  append(table, accounts::routes(services.accounts));
  append(table, catalog::routes(services.catalog));
  append(table, keys::routes(services.keys));
  append(table, ceremony::routes(services.ceremony));
  append(table, pki::register_routes(services.certificates));
  append(table, factory::routes(services.factory));
  append(table, fleet::routes(services.fleet));
  append(table, portfolio::routes(services.portfolio));
  append(table, trace::routes(services.trace));
  append(table, ledger::entry_routes(services.instance.log()));
  append(table, ledger::tile_routes(services.instance.log()));
  HF_CHECK(net::add_openapi_route(table, schemas(), {.version = HF_VERSION}));
  append(table, web::routes());  // pages, not part of the API
  return table;
}

std::vector<net::Route> factory_routes(Services& services) {
  auto table = health_routes(services);
  append(table, fleet::routes(services.fleet));
  for (auto& route : factory::routes(services.factory))
    if (route.path == "/v1/factory/bundles" && route.method == net::Method::post) table.push_back(std::move(route));
  return table;
}

std::vector<net::Route> device_routes(Services& services) {
  auto table = health_routes(services);
  for (auto& route : fleet::routes(services.fleet))
    if (route.path == "/v1/fleet/reports") table.push_back(std::move(route));
  append(table, pki::est_routes(services.est));
  return table;
}

std::vector<net::Route> public_routes(Services& services) {
  auto table = health_routes(services);
  append(table, ledger::tile_routes(services.instance.log()));
  append(table, pki::routes(services.ocsp));
  append(table, pki::crl_routes(services.certificates));
  return table;
}

std::vector<net::Schemas> schemas_by_domain() {
  return {accounts::schemas(), catalog::schemas(), keys::schemas(),      ceremony::schemas(), pki::schemas(),
          factory::schemas(),  fleet::schemas(),   portfolio::schemas(), trace::schemas(),    ledger::schemas()};
}

net::Schemas schemas() {
  net::Schemas all;
  for (auto& part : schemas_by_domain()) all.merge(part);
  return all;
}

}  // namespace hf::app
