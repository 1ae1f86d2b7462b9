// Who asks on a factory listener whose TLS takes only certificates of the factories' CA: the certificate says it.
#pragma once

#include "net/pipeline.h"

namespace hf::accounts {

class FactoryAuthenticator final : public net::Authenticator {
 public:
  explicit FactoryAuthenticator(net::Authenticator& others) : others_(others) {}

  // A verified certificate is the principal "factory:<SHA-256 of the certificate>", who may import units and take reports.
  // A request with Authorization is judged by it alone, and one without a certificate as everywhere else.
  [[nodiscard]] Result<net::Principal> authenticate(const net::Request& request) override;

 private:
  net::Authenticator& others_;
};

}  // namespace hf::accounts
