// HTTP/1.1 server: listeners with their own threads, TLS policy and limits. No Asio, Beast or OpenSSL here.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/listener.h"

namespace hf::net {

class Server {
 public:
  // Binds everything, then starts. HF-NET-0001 address cannot be bound, HF-TLS-0001/0002 TLS material.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(std::vector<Listener> listeners, const Clock& clock);
  ~Server();  // stop() with no patience

  [[nodiscard]] std::uint16_t port(std::string_view listener) const;  // 0 if there is no such listener
  // New certificates and anchors for new connections. HF-NET-0002 no such listener.
  [[nodiscard]] Result<void> reload(std::string_view listener, const Tls& tls);
  [[nodiscard]] bool draining() const;  // readiness turns false with it
  // Accepts no more, finishes what was accepted, closes. False if the patience ended first and connections were cut.
  bool stop(Milliseconds patience);

 private:
  struct Impl;
  Server();
  std::unique_ptr<Impl> impl_;
};

}  // namespace hf::net
