// A blocking client for loopback tests: it sends exactly the bytes that it is told to. Every wait ends with an
// event (bytes, or the end of the connection); the receive timeout only keeps a broken server from hanging a test.
#pragma once

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <memory>
#include <string>
#include <string_view>

#include "net/headers.h"

namespace hf::net::test {

struct Answer {
  int status = 0;  // 0: the connection ended first
  Headers headers;
  std::string body;
  [[nodiscard]] std::string header(std::string_view name) const { return std::string(headers.find(name).value_or("")); }
};

class Client {
 public:
  explicit Client(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{20, 0};
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  ~Client() {
    if (ssl_ != nullptr) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);  // no close_notify
    SSL_free(ssl_);
    ::close(fd_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] bool handshake(SSL_CTX* context, SSL_SESSION* session = nullptr) {
    ssl_ = SSL_new(context);
    if (session != nullptr) SSL_set_session(ssl_, session);
    SSL_set_fd(ssl_, fd_);
    return SSL_connect(ssl_) == 1;
  }
  [[nodiscard]] SSL* ssl() const { return ssl_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), int(bytes.size()))
                                     : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(std::size_t(n));
    }
    return true;
  }
  void end() { ::shutdown(fd_, SHUT_WR); }

  // More bytes into buffer; false at the end of the connection.
  bool more() {
    char bytes[16384];
    const auto n = ssl_ != nullptr ? SSL_read(ssl_, bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
    if (n <= 0) {
      timed_out = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
      return false;
    }
    buffer.append(bytes, std::size_t(n));
    return true;
  }
  std::string rest() {
    while (more()) {}
    return std::exchange(buffer, {});
  }
  // True when the server closed and sent nothing further.
  bool closed() { return rest().empty() && !timed_out; }
  bool wait_for(std::string_view text) {
    while (buffer.find(text) == std::string::npos)
      if (!more()) return false;
    return true;
  }
  std::string take(std::size_t size) {
    while (buffer.size() < size)
      if (!more()) return {};
    auto taken = buffer.substr(0, size);
    buffer.erase(0, size);
    return taken;
  }
  // Has the server answered or ended the connection, as far as is known now?
  bool peek_end() {
    char byte = 0;
    const auto n = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }
  std::string line() {
    if (!wait_for("\r\n")) return {};
    auto text = take(buffer.find("\r\n") + 2);
    text.resize(text.size() - 2);
    return text;
  }

  Answer head() {
    Answer answer;
    if (!wait_for("\r\n\r\n")) return answer;
    const auto status = line();
    answer.status = std::stoi(status.substr(9, 3));
    for (auto text = line(); !text.empty(); text = line()) {
      const auto colon = text.find(": ");
      answer.headers.add(text.substr(0, colon), text.substr(colon + 2));
    }
    return answer;
  }
  Answer answer(bool head_only = false) {
    auto got = head();
    if (head_only || got.status < 200 || got.status == 204 || got.status == 304) return got;
    if (got.header("Transfer-Encoding") == "chunked") {
      for (;;) {
        std::size_t size = 0;
        const auto text = line();
        std::from_chars(text.data(), text.data() + text.size(), size, 16);
        got.body += take(size);
        if (take(2).empty()) return {};
        if (size == 0) return got;
      }
    }
    if (const auto size = got.header("Content-Length"); !size.empty()) {
      got.body = take(std::stoul(size));
    } else {
      got.body = rest();
    }
    return got;
  }
  Answer ask(std::string_view request) {
    send(request);
    return answer();
  }
  Answer get(std::string_view target, std::string_view extra = {}) {
    return ask("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(extra) + "\r\n");
  }

  std::string buffer;
  bool timed_out = false;

 private:
  int fd_;
  bool connected_ = false;
  SSL* ssl_ = nullptr;
};

}  // namespace hf::net::test
