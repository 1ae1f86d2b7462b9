#include "crypto/der.h"
#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;
namespace der = crypto::der;

// The TBSCertificate of a certificate.
Bytes tbs_of(ByteView certificate) {
  crypto::DerReader outer(certificate);
  crypto::DerReader parts(outer.next()->content);
  const auto tbs = parts.next()->whole;
  return {tbs.begin(), tbs.end()};
}

struct X509Case {
  KeyAlgorithm algorithm;
  SignatureScheme scheme;
};
class X509Format : public testing::TestWithParam<X509Case> {};

TEST_P(X509Format, IsVerifiedByOpenssl) {
  HF_NEED_TOOL("openssl", "openssl");
  const auto& [algorithm, scheme] = GetParam();
  const TempDir dir;
  const TestKey key(algorithm);
  const auto& format = *find_format("x509");
  const auto file = dir.path() / "ca.tbs", out = dir.path() / "ca.pem", binary = dir.path() / "ca.der";
  write_file(file, tbs_of(key.certificate({.name = "Example CA", .ca = true})));
  EXPECT_EQ(*recognize_format(file), &format);
  const auto context = context_of(key, scheme);
  const auto done = sign(format, file, key, context, out);
  ASSERT_TRUE(done) << done.error().message;
  const Trust trust{.keys = {key.key()}, .certificates = {}};
  const auto view = format.verify({out, {}}, trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->kind, "ca_certificate");
  EXPECT_EQ(view->facts.at("subject").as_string(), "CN=Example CA");
  EXPECT_FALSE(view->claimed);
  const auto openssl =
      run("openssl verify -check_ss_sig -attime 1795000000 -CAfile " + out.string() + " " + out.string());
  EXPECT_EQ(openssl.exit, 0) << openssl.output;

  ASSERT_TRUE(sign(format, file, key, context, binary, {{"encoding", "der"}}));
  EXPECT_TRUE(uncovered(format, {binary, {}}, trust, binary).empty());
  const TestKey other(algorithm);
  EXPECT_EQ(format.verify({out, {}}, {.keys = {other.key()}, .certificates = {}}).error().code, "HF-FORMAT-0001");
  expect_evidence_is_judged(format, *format.evidence(file, {}), context);
}

INSTANTIATE_TEST_SUITE_P(Schemes, X509Format,
                         testing::Values(X509Case{KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256},
                                         X509Case{KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pkcs1_sha256}));

TEST(X509Format, Abuse12_WhatIsNoCertificateIsRefused) {
  const TempDir dir;
  const auto& format = *find_format("x509");
  write_file(dir.path() / "a", noise(300));
  EXPECT_EQ(format.evidence(dir.path() / "a", {}).error().code, "HF-FORMAT-0004");
  write_file(dir.path() / "b", "");
  EXPECT_EQ(format.evidence(dir.path() / "b", {}).error().code, "HF-FORMAT-0004");
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  write_file(dir.path() / "c", key.certificate({}));  // signed already: not what a CA signs
  EXPECT_FALSE(format.evidence(dir.path() / "c", {}));
}

TEST(X509Format, TheAlgorithmOfTheCertificateIsTheKeys) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::ecdsa_p256), other(KeyAlgorithm::ecdsa_p384);
  write_file(dir.path() / "a", tbs_of(key.certificate({})));
  const auto done = sign(*find_format("x509"), dir.path() / "a", other,
                         context_of(other, SignatureScheme::ecdsa_p384_sha384), dir.path() / "b");
  EXPECT_EQ(done.error().code, "HF-FORMAT-0007");
}

}  // namespace
}  // namespace hf::keys
