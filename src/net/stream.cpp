#include "net/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <algorithm>
#include <cerrno>

namespace hf::net {
namespace {

IoResult system_result(ssize_t n, Io blocked) {
  if (n > 0) return {Io::done, std::size_t(n)};
  if (n == 0) return {Io::closed};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {blocked};
  return {errno == ECONNRESET || errno == EPIPE ? Io::closed : Io::failed};
}

}  // namespace

Stream::Stream(int descriptor, std::shared_ptr<const TlsContext> tls, Time now)
    : descriptor_(descriptor), context_(std::move(tls)) {
  if (!context_) return;
  ssl_ = SSL_new(context_->get());
  if (ssl_ == nullptr || SSL_set_fd(ssl_, descriptor_) != 1) {
    error_ = "no memory for TLS";
    return;
  }
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_), micros(now) / 1'000'000);
  SSL_set_accept_state(ssl_);
}

Stream::~Stream() {
  if (ssl_ == nullptr) return;
  // SSL_free() drops the session of a connection that was not shut down, as SSL 3.0 demanded; TLS does not
  // (RFC 5246 section 7.2.1, RFC 8446 section 6.1). A session that met a protocol error stays dropped.
  if (!broken_ && SSL_is_init_finished(ssl_) == 1) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(ssl_);
}

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
  broken_ = true;
  return {Io::failed};
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
