#include "accounts/factory_authenticator.h"

namespace hf::accounts {

Result<net::Principal> FactoryAuthenticator::authenticate(const net::Request& request) {
  const auto& certificate = request.peer.certificate;
  if (!certificate || !certificate->verified || request.headers.find("Authorization")) return others_.authenticate(request);
  return net::Principal{.id = "factory:" + certificate->sha256, .kind = "factory", .role = "factory", .permissions = {"fleet.write"}};
}

}  // namespace hf::accounts
