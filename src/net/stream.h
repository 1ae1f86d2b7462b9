// Bytes over one non-blocking socket, plain or TLS. TLS sits on the descriptor itself (SSL_set_fd): 20 kB an idle
// connection, and ready for kernel TLS. Does not own the descriptor.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "net/tls.h"

namespace hf::net {

enum class Io { done, want_read, want_write, closed, failed };

struct IoResult {
  Io io;
  std::size_t bytes = 0;
};

class Stream {
 public:
  // Client certificates are judged at `now`.
  Stream(int descriptor, std::shared_ptr<const TlsContext> tls, Time now);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] bool tls() const { return ssl_ != nullptr; }
  [[nodiscard]] const ssl_st* ssl() const { return ssl_; }
  [[nodiscard]] IoResult handshake();
  [[nodiscard]] std::string_view handshake_error() const { return error_; }
  [[nodiscard]] IoResult read(char* to, std::size_t size);
  // `more`: the kernel may wait for the next write before it sends a packet.
  [[nodiscard]] IoResult write(std::string_view bytes, bool more);
  [[nodiscard]] IoResult send_file(int file, std::uint64_t offset, std::uint64_t size);  // plain only
  void end_output();                                                                     // close_notify and FIN

 private:
  [[nodiscard]] IoResult result_of(int value);

  int descriptor_;
  std::shared_ptr<const TlsContext> context_;
  ssl_st* ssl_ = nullptr;
  std::string_view error_;
  bool broken_ = false;  // protocol error: no more SSL calls, no resumption
};

}  // namespace hf::net
