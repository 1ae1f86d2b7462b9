#include "crypto/webauthn_registration.h"

#include <gtest/gtest.h>

#include "crypto/webauthn.h"
#include "support/authenticator.h"

namespace hf::crypto {
namespace {

const Bytes kChallenge{'c', 'h', 'a', 'l', 'l', 'e', 'n', 'g', 'e'};

Result<RegisteredCredential> registered(const test::Authenticator& device) {
  const auto made = device.create(kChallenge);
  return verify_registration({.rp_id = "holdfast.example",
                              .origin = "https://holdfast.example",
                              .challenge = kChallenge,
                              .client_data = made.client_data,
                              .attestation_object = made.attestation_object});
}
std::string_view code_of(const test::Authenticator& device) {
  const auto answer = registered(device);
  return answer ? "" : answer.error().code;
}

TEST(WebauthnRegistration, GivesTheKeyWhoseAssertionsHold) {
  test::Authenticator device;
  const auto made = registered(device);
  ASSERT_TRUE(made) << made.error().message << made.error().detail;
  EXPECT_EQ(made->id, device.id);
  EXPECT_EQ(made->key, device.key.key());
  EXPECT_EQ(made->counter, 1U);
  EXPECT_FALSE(made->backed_up || made->self_attested);
  const auto answer = device.answer(kChallenge);
  EXPECT_TRUE(verify_assertion({made->key, "holdfast.example", "https://holdfast.example"},
                               {kChallenge, answer.authenticator_data, answer.client_data, answer.signature}));
}

TEST(WebauthnRegistration, TakesSelfAttestationAndExtensions) {
  test::Authenticator device;
  device.format = "packed", device.with_statement = true;
  device.flags = 0x1d;  // may be backed up, and is
  device.extensions = {0xa0};
  const auto made = registered(device);
  ASSERT_TRUE(made) << made.error().message << made.error().detail;
  EXPECT_TRUE(made->self_attested && made->backed_up);
}

// Another site, another challenge, an assertion in its place, a person who was not verified.
TEST(WebauthnRegistration, Abuse10IsForThisChallengeSiteAndPerson) {
  const auto with = [](auto change) {
    test::Authenticator device;
    change(device);
    return std::string(code_of(device));
  };
  EXPECT_EQ(with([](auto& d) { d.origin = "https://holdfast.example.evil.example"; }), "HF-WEBAUTHN-0002");
  EXPECT_EQ(with([](auto& d) { d.rp_id = "example"; }), "HF-WEBAUTHN-0002");
  EXPECT_EQ(with([](auto& d) { d.create_type = "webauthn.get"; }), "HF-WEBAUTHN-0002");
  EXPECT_EQ(with([](auto& d) { d.flags = 0x01; }), "HF-WEBAUTHN-0003");
  EXPECT_EQ(with([](auto& d) { d.flags = 0x04; }), "HF-WEBAUTHN-0003");
  const test::Authenticator device;
  const auto made = device.create(kChallenge);
  const Bytes other{'o'};
  EXPECT_EQ(verify_registration({.rp_id = "holdfast.example",
                                 .origin = "https://holdfast.example",
                                 .challenge = other,
                                 .client_data = made.client_data,
                                 .attestation_object = made.attestation_object})
                .error()
                .code,
            "HF-WEBAUTHN-0002");
}

TEST(WebauthnRegistration, RefusesWhatIsNoneOrNotTaken) {
  const auto with = [](auto change) {
    test::Authenticator device;
    change(device);
    return std::string(code_of(device));
  };
  EXPECT_EQ(with([](auto& d) { d.id.clear(); }), "HF-WEBAUTHN-0001");
  EXPECT_EQ(with([](auto& d) { d.id.resize(1024); }), "HF-WEBAUTHN-0001");
  EXPECT_EQ(with([](auto& d) { d.format = "packed"; }), "HF-WEBAUTHN-0001") << "no signature";
  EXPECT_EQ(with([](auto& d) { d.with_statement = true; }), "HF-WEBAUTHN-0001") << "none with a statement";
  EXPECT_EQ(with([](auto& d) { d.format = "fido-u2f"; }), "HF-WEBAUTHN-0005");
  EXPECT_EQ(with([](auto& d) { d.extensions = {0x01}; }), "HF-WEBAUTHN-0001");
  EXPECT_EQ(with([](auto& d) { d.cose_key = {0xa2, 0x01, 0x02, 0x03, 0x38, 0x22}; }), "HF-WEBAUTHN-0005") << "ES384";
  EXPECT_EQ(with([](auto& d) { d.cose_key = {0xa2, 0x01, 0x02, 0x03, 0x26}; }), "HF-WEBAUTHN-0005") << "no curve";
  EXPECT_EQ(with([](auto& d) { d.cose_key = {0x01}; }), "HF-WEBAUTHN-0001");
  // A self attestation by another key than the credential's.
  const test::Authenticator device;
  const test::TestKey another(KeyAlgorithm::ecdsa_p256);
  EXPECT_EQ(with([&](auto& d) {
              d.format = "packed", d.with_statement = true;
              d.cose_key = test::Authenticator::cose_of(another.key());
            }),
            "HF-WEBAUTHN-0004");
  // Cut anywhere, it is no attestation object.
  const auto whole = device.create(kChallenge).attestation_object;
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read_attestation_object(ByteView(whole).first(size))) << size;
}

}  // namespace
}  // namespace hf::crypto
