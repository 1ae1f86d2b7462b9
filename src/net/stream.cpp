#include "net/stream.h"

#include <algorithm>
#include <cerrno>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

namespace hf::net {
namespace {

IoResult system_result(ssize_t n, Io blocked) {
  if (n > 0) return {Io::done, std::size_t(n)};
  if (n == 0) return {Io::closed};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {blocked};
  return {errno == ECONNRESET || errno == EPIPE ? Io::closed : Io::failed};
}

}  // namespace

Stream::Stream(int descriptor, std::shared_ptr<const TlsContext> tls)
    : descriptor_(descriptor), context_(std::move(tls)) {
  if (!context_) return;
  ssl_ = SSL_new(context_->get());
  if (ssl_ == nullptr || SSL_set_fd(ssl_, descriptor_) != 1) {
    error_ = "no memory for TLS";
    return;
  }
  SSL_set_accept_state(ssl_);
}

Stream::~Stream() { SSL_free(ssl_); }

IoResult Stream::result_of(int value) {
  const int saved = errno;
  switch (SSL_get_error(ssl_, value)) {
    case SSL_ERROR_WANT_READ: return {Io::want_read};
    case SSL_ERROR_WANT_WRITE: return {Io::want_write};
    case SSL_ERROR_ZERO_RETURN: return {Io::closed};
    case SSL_ERROR_SYSCALL: return {saved == 0 || saved == ECONNRESET || saved == EPIPE ? Io::closed : Io::failed};
    default: break;
  }
  const auto code = ERR_peek_error();
  if (const char* reason = ERR_reason_error_string(code)) error_ = reason;
  ERR_clear_error();
  // TCP closed without close_notify: HTTP framing decides whether anything was cut off (RFC 9112 section 9.8).
  return {ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? Io::closed : Io::failed};
}

IoResult Stream::handshake() {
  if (!error_.empty()) return {Io::failed};
  ERR_clear_error();
  errno = 0;
  const int value = SSL_do_handshake(ssl_);
  return value == 1 ? IoResult{Io::done} : result_of(value);
}

IoResult Stream::read(char* to, std::size_t size) {
  if (ssl_ == nullptr) {
    ssize_t n = 0;
    do n = ::recv(descriptor_, to, size, 0);
    while (n < 0 && errno == EINTR);
    return system_result(n, Io::want_read);
  }
  ERR_clear_error();
  errno = 0;
  std::size_t n = 0;
  const int value = SSL_read_ex(ssl_, to, size, &n);
  return value == 1 ? IoResult{Io::done, n} : result_of(value);
}

IoResult Stream::write(std::string_view bytes, bool more) {
  if (bytes.empty()) return {Io::done};
  if (ssl_ == nullptr) {
    ssize_t n = 0;
    do n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    while (n < 0 && errno == EINTR);
    return system_result(n, Io::want_write);
  }
  ERR_clear_error();
  errno = 0;
  std::size_t n = 0;
  const int value = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &n);
  return value == 1 ? IoResult{Io::done, n} : result_of(value);
}

IoResult Stream::send_file(int file, std::uint64_t offset, std::uint64_t size) {
  auto at = off_t(offset);
  ssize_t n = 0;
  do n = ::sendfile(descriptor_, file, &at, std::size_t(std::min<std::uint64_t>(size, 1 << 20)));
  while (n < 0 && errno == EINTR);
  if (n == 0) return {Io::failed};  // the file got shorter: the promised length cannot be kept
  return system_result(n, Io::want_write);
}

void Stream::end_output() {
  if (ssl_ != nullptr && SSL_is_init_finished(ssl_) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
  }
  ::shutdown(descriptor_, SHUT_WR);
}

}  // namespace hf::net
