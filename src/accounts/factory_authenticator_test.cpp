#include "accounts/factory_authenticator.h"

#include <gtest/gtest.h>

namespace hf::accounts {
namespace {

class Nobody final : public net::Authenticator {
 public:
  Result<net::Principal> authenticate(const net::Request&) override { return net::Principal{}; }
};

net::Request with_certificate(bool verified) {
  net::Request request;
  auto certificate = std::make_shared<net::ClientCertificate>();
  certificate->sha256 = std::string(64, 'a');
  certificate->verified = verified;
  request.peer.certificate = std::move(certificate);
  return request;
}

TEST(FactoryAuthenticator, AVerifiedCertificateIsAFactoryThatMayWriteTheFleetAndNothingElse) {
  Nobody nobody;
  FactoryAuthenticator door(nobody);
  const auto factory = door.authenticate(with_certificate(true)).value();
  EXPECT_EQ(factory.id, "factory:" + std::string(64, 'a'));
  EXPECT_EQ(factory.kind, "factory");
  EXPECT_EQ(factory.permissions, std::vector<std::string>{"fleet.write"});
}

TEST(FactoryAuthenticator, AnythingElseIsJudgedAsElsewhere) {
  Nobody nobody;
  FactoryAuthenticator door(nobody);
  EXPECT_TRUE(door.authenticate(net::Request{})->anonymous());
  EXPECT_TRUE(door.authenticate(with_certificate(false))->anonymous());
  auto with_token = with_certificate(true);
  with_token.headers.add("Authorization", "Bearer hft_wrong");
  EXPECT_TRUE(door.authenticate(with_token)->anonymous()) << "a wrong token is not made good by a certificate";
}

}  // namespace
}  // namespace hf::accounts
