#include "net/server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <thread>

#include "net/server_state.h"

namespace hf::net {
namespace {

auto refuse(const Listener& l, const char* call) {
  return fail(ErrorKind::unavailable, "HF-NET-0001",
              "listener " + l.name + " cannot use " + l.address + ":" + std::to_string(l.port),
              std::string(call) + ": " + std::strerror(errno));
}

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  [[nodiscard]] socklen_t size() const { return any.sa_family == AF_INET6 ? sizeof v6 : sizeof v4; }
};

bool parse_address(const std::string& text, std::uint16_t port, Address& out) {
  std::memset(&out, 0, sizeof out);
  if (::inet_pton(AF_INET, text.c_str(), &out.v4.sin_addr) == 1) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(port);
    return true;
  }
  if (::inet_pton(AF_INET6, text.c_str(), &out.v6.sin6_addr) != 1) return false;
  out.v6.sin6_family = AF_INET6;
  out.v6.sin6_port = htons(port);
  return true;
}

std::pair<std::string, std::uint16_t> show_address(const Address& from) {
  char text[INET6_ADDRSTRLEN] = "";
  if (from.any.sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &from.v4.sin_addr, text, sizeof text);
    return {text, ntohs(from.v4.sin_port)};
  }
  if (IN6_IS_ADDR_V4MAPPED(&from.v6.sin6_addr)) ::inet_ntop(AF_INET, &from.v6.sin6_addr.s6_addr[12], text, sizeof text);
  else ::inet_ntop(AF_INET6, &from.v6.sin6_addr, text, sizeof text);
  return {text, ntohs(from.v6.sin6_port)};
}

// The acceptor of one loop thread. Each has its own socket on the port (SO_REUSEPORT): no accept lock, and the
// kernel spreads the connections.
class Acceptor final : public Ready, public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(IoThread& io, int fd) : io_(io), fd_(fd), watch_(io.loop, fd, *this) {}

  void on_ready() override {
    accept_all();
    if (!closed_) watch_.want_read();
  }
  void close() {
    if (closed_) return;
    accept_all();  // the backlog was accepted by the kernel: clients believe that they are connected
    closed_ = true;
    watch_.close();
  }

 private:
  void accept_all() {
    for (;;) {
      Address from{};
      socklen_t size = sizeof from;
      const int fd = ::accept4(fd_, &from.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        return;
      }
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto [address, port] = show_address(from);
      if (!io_.listener.admit(address)) {
        ::close(fd);
        continue;
      }
      const auto connection =
          std::make_shared<Connection>(io_, fd, std::move(address), port, io_.listener.tls_context());
      io_.connections.insert(connection);
      connection->start();
    }
  }

  IoThread& io_;
  int fd_;
  Loop::Watch watch_;
  bool closed_ = false;
};

Result<int> open_socket(const Listener& l, std::uint16_t port) {
  Address address{};
  if (!parse_address(l.address, port, address)) {
    errno = EINVAL;
    return refuse(l, "inet_pton");
  }
  const int fd = ::socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return refuse(l, "socket");
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd, &address.any, address.size()) != 0 || ::listen(fd, 4096) != 0) {
    auto error = refuse(l, "bind");
    ::close(fd);
    return error;
  }
  return fd;
}

std::uint16_t port_of(int fd) {
  Address address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, &address.any, &size);
  return show_address(address).second;
}

}  // namespace

bool ListenerState::admit(const std::string& address) {
  const std::lock_guard lock(mutex_);
  if (open_ >= config.limits.connections) return false;
  auto& count = per_address_[address];
  if (count >= config.limits.connections_per_address) return false;
  ++count;
  ++open_;
  return true;
}

void ListenerState::release(const std::string& address) {
  const std::lock_guard lock(mutex_);
  --open_;
  if (const auto it = per_address_.find(address); --it->second == 0) per_address_.erase(it);
}

std::shared_ptr<const TlsContext> ListenerState::tls_context() const {
  const std::lock_guard lock(mutex_);
  return tls_;
}

void ListenerState::set_tls_context(std::shared_ptr<const TlsContext> context) {
  const std::lock_guard lock(mutex_);
  tls_ = std::move(context);
}

struct Server::Impl {
  struct Running {
    std::unique_ptr<ListenerState> state;
    std::vector<std::unique_ptr<IoThread>> io;
    std::vector<std::shared_ptr<Acceptor>> acceptors;
    std::uint16_t port = 0;
  };
  std::vector<Running> listeners;
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable emptied;
  std::size_t busy = 0;  // loop threads that still have connections, while stopping
  std::atomic<bool> draining{false};
  bool stopped = false;
};

Server::Server() : impl_(std::make_unique<Impl>()) {}

Server::~Server() { stop(Milliseconds(0)); }

Result<std::unique_ptr<Server>> Server::start(std::vector<Listener> listeners, const Clock& clock) {
  std::unique_ptr<Server> server(new Server);
  auto& impl = *server->impl_;
  for (auto& config : listeners) {
    auto& running = impl.listeners.emplace_back();
    running.state = std::make_unique<ListenerState>(std::move(config), clock);
    const auto& listener = running.state->config;
    if (listener.tls.mode != TlsMode::off) {
      HF_TRY(auto context, TlsContext::make(listener.tls, listener.name));
      running.state->set_tls_context(std::move(context));
    }
    running.port = listener.port;
    for (unsigned i = 0; i < std::max(1U, listener.io_threads); ++i) {
      HF_TRY(const int fd, open_socket(listener, running.port));
      if (running.port == 0) running.port = port_of(fd);
      auto& io = running.io.emplace_back(std::make_unique<IoThread>(*running.state, i));
      running.acceptors.push_back(std::make_shared<Acceptor>(*io, fd));
    }
  }
  for (auto& running : impl.listeners) {
    for (std::size_t i = 0; i < running.io.size(); ++i) {
      impl.threads.emplace_back([&io = *running.io[i], acceptor = running.acceptors[i]] {
        block_signals();
        acceptor->on_ready();
        io.loop.run();
      });
    }
  }
  return server;
}

std::uint16_t Server::port(std::string_view listener) const {
  for (const auto& running : impl_->listeners)
    if (running.state->config.name == listener) return running.port;
  return 0;
}

Result<void> Server::reload(std::string_view listener, const Tls& tls) {
  for (auto& running : impl_->listeners) {
    if (running.state->config.name != listener) continue;
    HF_TRY(auto context, TlsContext::make(tls, listener));
    running.state->set_tls_context(std::move(context));
    return {};
  }
  return fail(ErrorKind::not_found, "HF-NET-0002", "there is no such listener");
}

bool Server::draining() const { return impl_->draining.load(); }

bool Server::stop(Milliseconds patience) {
  auto& impl = *impl_;
  if (std::exchange(impl.stopped, true)) return true;
  impl.draining = true;
  const auto each_thread = [&](const auto& function) {
    for (auto& running : impl.listeners)
      for (std::size_t i = 0; i < running.io.size(); ++i) function(*running.io[i], running.acceptors[i]);
  };
  // A connection may go while we walk: work on a copy of the set.
  const auto all_of = [](IoThread& io) {
    return std::vector<std::shared_ptr<Connection>>(io.connections.begin(), io.connections.end());
  };
  bool drained = true;
  if (!impl.threads.empty()) {
    impl.busy = impl.threads.size();
    const auto left = [&impl] {
      const std::lock_guard lock(impl.mutex);
      --impl.busy;
      impl.emptied.notify_all();
    };
    each_thread([&](IoThread& io, const std::shared_ptr<Acceptor>& acceptor) {
      io.loop.post([&io, acceptor, all_of, left] {
        acceptor->close();
        io.draining = true;
        for (const auto& connection : all_of(io)) connection->drain();
        io.when_empty(left);
      });
    });
    std::unique_lock lock(impl.mutex);
    drained = impl.emptied.wait_for(lock, patience, [&] { return impl.busy == 0; });
    lock.unlock();
    each_thread([&](IoThread& io, const std::shared_ptr<Acceptor>&) {
      io.loop.post([&io, all_of] {
        for (const auto& connection : all_of(io)) connection->close();
        io.loop.stop();
      });
    });
    for (auto& thread : impl.threads) thread.join();
    impl.threads.clear();
  }
  for (auto& running : impl.listeners) running.state->workers.stop();  // before the loops that they post to
  return drained;
}

}  // namespace hf::net
