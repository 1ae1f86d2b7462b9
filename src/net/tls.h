// TLS policy of a listener (RFC 8446, RFC 9325) as an OpenSSL context. OpenSSL types are only named here.
#pragma once

#include <memory>
#include <string>

#include "net/http.h"

struct ssl_st;
struct ssl_ctx_st;

namespace hf::net {

enum class TlsMode {
  off,
  server,           // the client shows no certificate
  mutual_optional,  // it may; the handler sees whether it did
  mutual,           // it must, and it must verify
};

enum class TlsVersion { tls12, tls13 };

struct Tls {
  TlsMode mode = TlsMode::off;
  std::string certificate_chain_pem{};  // leaf first
  std::string private_key_pem{};
  std::string client_ca_pem{};  // anchors for client certificates
  // Accept client certificates that chain to no anchor (expired, self-signed): possession of the key is still
  // proved, ClientCertificate::verified is false and the handler decides, as for devices known by fingerprint.
  bool accept_unverified = false;
  TlsVersion min = TlsVersion::tls12;
  std::size_t sessions_max = 20'480;  // stateful resumption cache; about 2 kB a session
};

class TlsContext {
 public:
  // HF-TLS-0001 bad certificate, key or anchors (or a key that does not belong to the certificate),
  // HF-TLS-0002 the library refused the policy.
  [[nodiscard]] static Result<std::shared_ptr<const TlsContext>> make(const Tls& tls, std::string_view listener);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] ssl_ctx_st* get() const { return context_; }

 private:
  TlsContext() = default;
  ssl_ctx_st* context_ = nullptr;
};

// Null if the client showed none.
[[nodiscard]] std::shared_ptr<const ClientCertificate> client_certificate(const ssl_st* ssl);

}  // namespace hf::net
