// The server of bench/http.sh: one loop thread, a 90-byte JSON answer from the loop and from a worker.
#include <fmt/core.h>
#include <csignal>
#include <cstdlib>

#include "crypto/self_signed.h"
#include "net/server.h"
#include "net/workers.h"

int main(int argc, char** argv) {
  using namespace hf::net;
  if (argc != 3) return 2;
  const bool tls = std::string_view(argv[2]) == "tls";
  const std::string answer =
      R"({"config":{"polling":{"sleep":"00:05:00"}},"_links":{"deploymentBase":{"href":"/d/12345"}}})";
  const Handler poll = [answer](const Request&) { return json_text_response(200, answer); };
  hf::SystemClock clock;
  Listener listener{.name = "bench", .port = std::uint16_t(std::atoi(argv[1]))};
  if (tls) {
    const auto identity = hf::crypto::make_self_signed({.not_before = clock.now()});
    if (!identity) return 1;
    listener.tls = {.mode = TlsMode::server,
                    .certificate_chain_pem = identity->certificate_pem,
                    .private_key_pem = identity->private_key_pem};
  }
  listener.limits.connections_per_address = 100'000;
  listener.limits.connections = 100'000;
  listener.limits.idle_timeout = Milliseconds(3'600'000);
  listener.serves = std::make_shared<Pipeline>(
      Router({{.path = "/poll/{serial}", .permission = kPublic, .runs_on = RunsOn::io, .handler = poll},
              {.path = "/worker/{serial}", .permission = kPublic, .handler = poll}}));
  block_signals();
  std::vector<Listener> listeners;
  listeners.push_back(std::move(listener));
  const auto server = Server::start(std::move(listeners), clock);
  if (!server) {
    fmt::print(stderr, "{} {}\n", server.error().message, server.error().detail);
    return 1;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}
