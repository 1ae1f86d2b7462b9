#include "keys/agent/mechanism.h"

#include <gtest/gtest.h>

namespace hf::keys::agent {
namespace {

using crypto::KeyAlgorithm;
using crypto::SignatureScheme;

const Bytes k32(32, 0x11), k48(48, 0x22);
const Bytes kPss = from_hex("000002500000000200000020").value();

Bytes digest_info(std::string_view prefix, const Bytes& digest) {
  auto info = from_hex(prefix).value();
  info.insert(info.end(), digest.begin(), digest.end());
  return info;
}

TEST(Mechanism, EachThatAnyKeyCanDoBecomesItsScheme) {
  const auto scheme = [](Mechanism mechanism, const Bytes& parameter, KeyAlgorithm key, const Bytes& data) {
    return prepare(mechanism, parameter, key, data).value().scheme;
  };
  EXPECT_EQ(scheme(Mechanism::ecdsa, {}, KeyAlgorithm::ecdsa_p256, k32), SignatureScheme::ecdsa_p256_sha256);
  EXPECT_EQ(scheme(Mechanism::ecdsa_sha256, {}, KeyAlgorithm::ecdsa_p256, k32), SignatureScheme::ecdsa_p256_sha256);
  EXPECT_EQ(scheme(Mechanism::ecdsa, {}, KeyAlgorithm::ecdsa_p384, k48), SignatureScheme::ecdsa_p384_sha384);
  EXPECT_EQ(scheme(Mechanism::ecdsa_sha384, {}, KeyAlgorithm::ecdsa_p384, k48), SignatureScheme::ecdsa_p384_sha384);
  EXPECT_EQ(scheme(Mechanism::sha256_rsa_pkcs, {}, KeyAlgorithm::rsa_3072, k32), SignatureScheme::rsa_pkcs1_sha256);
  EXPECT_EQ(scheme(Mechanism::rsa_pkcs_pss, kPss, KeyAlgorithm::rsa_4096, k32), SignatureScheme::rsa_pss_sha256);
  // RFC 8017 section 9.2, note 1.
  const auto info = digest_info("3031300d060960864801650304020105000420", k32);
  const auto made = prepare(Mechanism::rsa_pkcs, {}, KeyAlgorithm::rsa_2048, info);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->digest, k32) << "what is judged is the digest, not its wrapping";
}

TEST(Mechanism, Abuse14And17OtherLengthsHashesSaltsAndKeysAreRefused) {
  const auto refused = [](Mechanism mechanism, const Bytes& parameter, KeyAlgorithm key, const Bytes& data) {
    const auto result = prepare(mechanism, parameter, key, data);
    return !result && result.error().code == "HF-AGENT-0001";
  };
  for (const std::size_t size : {0U, 20U, 31U, 33U, 48U, 200U})
    EXPECT_TRUE(refused(Mechanism::ecdsa, {}, KeyAlgorithm::ecdsa_p256, Bytes(size, 1))) << size;
  EXPECT_TRUE(refused(Mechanism::ecdsa, {}, KeyAlgorithm::ecdsa_p384, k32)) << "SHA-256 under P-384";
  EXPECT_TRUE(refused(Mechanism::ecdsa_sha384, {}, KeyAlgorithm::ecdsa_p256, k48));
  EXPECT_TRUE(refused(Mechanism::ecdsa, {}, KeyAlgorithm::rsa_2048, k32));
  EXPECT_TRUE(refused(Mechanism::sha256_rsa_pkcs, {}, KeyAlgorithm::ecdsa_p256, k32));
  EXPECT_TRUE(refused(Mechanism::ecdsa, {0}, KeyAlgorithm::ecdsa_p256, k32)) << "a parameter that means nothing";
  // SHA-1 and SHA-512 under PKCS #1, a digest without its name, and one that goes on.
  EXPECT_TRUE(refused(Mechanism::rsa_pkcs, {}, KeyAlgorithm::rsa_2048,
                      digest_info("3021300906052b0e03021a05000414", Bytes(20, 1))));
  EXPECT_TRUE(refused(Mechanism::rsa_pkcs, {}, KeyAlgorithm::rsa_2048,
                      digest_info("3051300d060960864801650304020305000440", Bytes(64, 1))));
  EXPECT_TRUE(refused(Mechanism::rsa_pkcs, {}, KeyAlgorithm::rsa_2048, k32));
  EXPECT_TRUE(refused(Mechanism::rsa_pkcs, {}, KeyAlgorithm::rsa_2048,
                      digest_info("3031300d060960864801650304020105000420", Bytes(33, 1))));
  EXPECT_TRUE(refused(Mechanism::rsa_pkcs_pss, {}, KeyAlgorithm::rsa_2048, k32));
  EXPECT_TRUE(
      refused(Mechanism::rsa_pkcs_pss, from_hex("000002500000000200000014").value(), KeyAlgorithm::rsa_2048, k32))
      << "a salt of 20 bytes";
  EXPECT_FALSE(mechanism_of(0x1042)) << "ECDSA with SHA-1";
  EXPECT_FALSE(mechanism_of(0x0006)) << "RSA PKCS #1 with SHA-1";
}

}  // namespace
}  // namespace hf::keys::agent
