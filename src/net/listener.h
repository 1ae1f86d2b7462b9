// One listener: an address with its own TLS policy, limits, threads and routes. Listeners share nothing that one of
// them can exhaust, so a storm of devices does not reach the operators.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/pipeline.h"
#include "net/tls.h"

namespace hf::net {

using Milliseconds = std::chrono::milliseconds;

struct Limits {
  std::size_t header_bytes = 16 * 1024;  // request line and fields together
  std::size_t header_fields = 100;
  std::uint64_t body_bytes = 1 << 20;          // the route's own limit applies too
  std::size_t body_memory_bytes = 256 * 1024;  // beyond it a body goes to a file in spool_directory
  std::size_t connections = 10'000;
  std::size_t connections_per_address = 1'000;
  std::size_t queue = 256;  // requests waiting for a worker; beyond it the listener sheds
  Milliseconds handshake_timeout{10'000};
  Milliseconds header_timeout{10'000};  // from the first byte to the end of the head (slow loris)
  Milliseconds body_timeout{20'000};    // to move 16 KiB of a body, in or out, or to end it
  Milliseconds idle_timeout{60'000};    // between requests
  Milliseconds linger_timeout{2'000};   // to read what a refused client still sends
  Milliseconds event_interval{15'000};  // comment line on an idle event stream, so that a dead peer is noticed
};

struct Listener {
  std::string name;  // "operator", "device", ...: label of metrics and logs
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one; Server::port(name) tells
  Tls tls{};
  Limits limits{};
  unsigned io_threads = 1;
  unsigned workers = 2;
  std::string spool_directory = "/tmp";
  std::shared_ptr<const Pipeline> serves{};
  // What a client gets when the queue is full; must not block. Default: 503 with Retry-After: 1.
  std::function<Response(const Request&)> overload{};
};

}  // namespace hf::net
