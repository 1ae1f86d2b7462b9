#include "app/serve.h"

#include <unistd.h>
#include <chrono>
#include <fstream>
#include <ostream>

#include "accounts/authenticator.h"
#include "accounts/denials.h"
#include "accounts/idempotency.h"
#include "app/publisher.h"
#include "app/routes.h"
#include "app/server_identity.h"
#include "base/stop_signal.h"
#include "keys/cli_installation.h"
#include "net/server.h"

namespace hf::app {
namespace {

namespace fs = std::filesystem;
using instance::Instance;

struct Plane {  // a listener by its purpose
  std::string_view name;
  std::uint16_t port;
  bool tls;
};
constexpr Plane kPlanes[] = {
    {"operator", 8443, true}, {"device", 8444, true}, {"factory", 8445, true}, {"public", 8080, false}};

Result<std::uint16_t> port_of(const cli::Args& args, const Plane& plane) {
  HF_TRY(const auto port, args.integer(std::string(plane.name) + "-port", plane.port, 0, 65535));
  return std::uint16_t(port);
}

Result<cli::Exit> serve(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto stop, StopSignal::block());

  HF_TRY(const auto instance, Instance::create(instance::data_of(args)));
  net::Log log(instance->clock(), net::stderr_sink());
  accounts::Service people(instance->database(), instance->clock());
  std::unique_ptr<keys::Signer> signer;
  if (args.flag("signer")) {
    HF_TRY(signer, keys::signer_of(*instance));
    HF_CHECK(signer->head());  // it starts now: what hinders it is said here, and not to the first who asks
  }
  Services services(*instance, people, signer.get());
  if (const auto origin = args.option("origin")) {
    HF_CHECK(accounts::site_of_origin(*origin));
    services.accounts.origin = *origin;
  }
  accounts::Authenticator authenticator(people);
  accounts::DenialRecorder denials(instance->database(), instance->clock(), &log);
  accounts::IdempotencyStore idempotency(instance->database(), instance->clock());
  HF_TRY(const auto tls, server_identity(args, *instance));

  std::vector<std::string_view> wanted;
  for (const auto& name : args.all("listener")) wanted.push_back(name);
  const std::string address(args.option("address").value_or("127.0.0.1"));
  std::vector<std::unique_ptr<net::RateLimiter>> limiters;
  std::vector<net::Listener> listeners;
  for (const auto& plane : kPlanes) {
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), plane.name) == wanted.end()) continue;
    std::vector<net::Route> table;
    if (plane.name == "operator") {
      HF_TRY(table, operator_routes(services));
    } else {
      table = plane.name == "device"    ? device_routes(services)
              : plane.name == "factory" ? factory_routes(services)
                                        : public_routes(services);
    }
    net::Stages stages{.authenticator = &authenticator,
                       .denials = &denials,
                       .idempotency = &idempotency,
                       .log = &log,
                       .metrics = &services.metrics};
    const auto limiter = [&](net::Rate rate) {
      return limiters.emplace_back(std::make_unique<net::RateLimiter>(instance->clock(), rate)).get();
    };
    stages.per_address = limiter({});
    stages.per_principal = limiter({.per_second = 200, .burst = 1'000});
    net::Listener listener{.name = std::string(plane.name), .address = address};
    HF_TRY(listener.port, port_of(args, plane));
    if (plane.tls) listener.tls = tls;
    if (plane.name == "device") {
      // A device renews with the certificate that it has, whoever issued it: EST decides by the register.
      listener.tls.mode = net::TlsMode::mutual_optional;
      listener.tls.accept_unverified = true;
    }
    if (plane.name == "operator") listener.limits.body_bytes = 256ULL << 20;
    if (plane.name == "factory") {
      HF_TRY(listener.tls, factory_identity(args, tls));
      listener.limits.body_bytes = 1ULL << 30;
    }
    listener.spool_directory = instance->data().string();
    listener.serves = std::make_shared<net::Pipeline>(net::Router(std::move(table)), std::move(stages));
    listeners.push_back(std::move(listener));
  }
  HF_TRY(const auto server, net::Server::start(std::move(listeners), instance->clock()));
  services.ready = [&] { return !server->draining(); };
  {
    const Publisher publisher(services, denials, log);
    const auto shown = address == "127.0.0.1" || address == "::1" ? std::string("localhost") : address;
    const auto operator_url = "https://" + shown + ":" + std::to_string(server->port("operator"));
    for (const auto& plane : kPlanes)
      if (const auto port = server->port(plane.name))
        terminal.out << plane.name << std::string(10 - plane.name.size(), ' ') << (plane.tls ? "https://" : "http://")
                     << shown << ":" << port << "\n";
    HF_TRY(const auto link, people.setup_link());
    if (link)
      terminal.out << "\nSet up the first account once, within 24 hours:\n  " << operator_url << "/setup#"
                   << link->text() << "\n";
    terminal.out << "\nCtrl-C stops; what was accepted is finished first.\n" << std::flush;
    if (const auto path = args.option("url-file")) std::ofstream(std::string(*path)) << operator_url << "\n";

    stop.wait();
    constexpr std::chrono::seconds kPatience{30};
    const bool whole = server->stop(kPatience);
    denials.flush();
    if (!whole) log.warning("connections_cut", {{"patience_seconds", std::int64_t(kPatience.count())}});
  }
  HF_CHECK(instance->log().advance());
  return cli::kOk;
}

Result<cli::Exit> openapi(const cli::Args&, cli::Terminal& terminal) {
  // The table needs services to bind its handlers to, but none of them is asked here.
  const auto directory = fs::temp_directory_path() / ("holdfast-openapi-" + std::to_string(getpid()));
  HF_TRY(const auto instance, Instance::create(directory));
  accounts::Service people(instance->database(), instance->clock());
  Services services(*instance, people);
  HF_TRY(const auto table, operator_routes(services));
  std::vector<net::Route> api;
  for (const auto& route : table)
    if (route.path.starts_with("/v1/") || route.path.starts_with("/ledger/") || route.path == "/healthz" ||
        route.path == "/readyz" || route.path == "/metrics")
      api.push_back(route);
  HF_TRY(const auto document, net::openapi_document(api, schemas(), {.version = HF_VERSION}));
  std::error_code ignored;
  fs::remove_all(directory, ignored);
  terminal.out << to_pretty_text(document) << "\n";
  return cli::kOk;
}

const cli::Command kCommands[] = {
    {{"serve",
      "Serve an installation: UI and REST, devices, factory, public",
      "Makes the installation if there is none, and prints the one-time link that creates the first account. Each "
      "listener has\n"
      "its own threads, TLS policy and limits; --listener starts only those named, so that separate processes can "
      "serve them.\n"
      "Without --certificate it uses a self-signed one in the data directory, of which a browser warns. Factories show "
      "a client\n"
      "certificate where --factory-client-ca is given: register its SHA-256 fingerprint as a token.",
      {},
      {instance::kDataOption,
       {"address", "IP", "Where to listen (default 127.0.0.1)"},
       {"listener",
        "NAME",
        "Only this listener; may be repeated",
        false,
        true,
        {"operator", "device", "factory", "public"}},
       {"operator-port", "PORT", "Default 8443; 0 takes any free one"},
       {"device-port", "PORT", "Default 8444"},
       {"factory-port", "PORT", "Default 8445"},
       {"public-port", "PORT", "Default 8080"},
       {"certificate", "FILE", "TLS certificate chain, PEM, leaf first"},
       {"private-key", "FILE", "Its private key, PEM"},
       {"factory-client-ca", "FILE",
        "Trust anchors of factories' client certificates, PEM: makes the factory listener mutual TLS"},
       {"origin", "URL",
        "Address of the UI at which authenticators are registered (default: the one under which it was asked)"},
       {"signer", "", "Make signatures that were approved, with this machine's token, for who asks over REST"},
       {"url-file", "FILE", "Write the operator URL there once it is served"}},
      {"holdfast serve --data /var/lib/holdfast --address 0.0.0.0"}},
     serve},
    {{"openapi",
      "Print the OpenAPI 3.1 document of the REST interface",
      "",
      {},
      {},
      {"holdfast openapi > openapi.json"}},
     openapi},
};

}  // namespace

std::span<const cli::Command> serve_commands() { return kCommands; }

}  // namespace hf::app
