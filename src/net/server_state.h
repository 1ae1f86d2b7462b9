// What the threads of one listener share. Only server.cpp and connection.cpp include this.
#pragma once

#include <mutex>
#include <unordered_map>

#include "base/clock.h"
#include "net/connection.h"

namespace hf::net {

struct ListenerState {
  ListenerState(Listener l, const Clock& c)
      : config(std::move(l)), clock(c), workers(config.workers, config.limits.queue) {}

  // Counts the connection in; false if a limit forbids it.
  [[nodiscard]] bool admit(const std::string& address);
  void release(const std::string& address);
  [[nodiscard]] std::shared_ptr<const TlsContext> tls_context() const;
  void set_tls_context(std::shared_ptr<const TlsContext> context);

  const Listener config;
  const Clock& clock;
  Workers workers;
  std::atomic<bool> draining{false};

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const TlsContext> tls_;
  std::size_t open_ = 0;
  std::unordered_map<std::string, std::size_t> per_address_;
};

}  // namespace hf::net
