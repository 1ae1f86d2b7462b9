#include "crypto/verification.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "crypto/der.h"
#include "support/test_keys.h"

namespace hf::crypto {
namespace {

const Bytes kMessage{'f', 'i', 'r', 'm', 'w', 'a', 'r', 'e'};

Bytes spki_of(ByteView modulus, ByteView exponent) {
  const auto key =
      der::value(der::kSequence, std::initializer_list<ByteView>{der::integer(modulus), der::integer(exponent)});
  const Bytes none{0};
  return der::value(der::kSequence, std::initializer_list<ByteView>{
                                        der::value(der::kSequence, {der::oid("1.2.840.113549.1.1.1"), der::null()}),
                                        der::value(der::kBitString, {none, key})});
}

Bytes modulus_of(std::string_view name) {
  std::ifstream file(std::string(HF_TEST_DATA) + "/pki/weak_moduli.json");
  std::stringstream text;
  text << file.rdbuf();
  return from_hex(std::string(parse_json(text.str())->at(name).as_string())).value();
}

struct Case {
  KeyAlgorithm key;
  SignatureScheme scheme;
  std::string_view algorithm;
};
class Algorithms : public testing::TestWithParam<Case> {};

TEST_P(Algorithms, VerifyTheirOwnSignaturesAndNoFlippedBit) {
  const auto& [kind, scheme, name] = GetParam();
  const test::TestKey pair(kind);
  const auto key = VerificationKey::of_spki(to_spki(pair.key())).value();
  const auto algorithm = verification_algorithm_of(name).value();
  auto signature = pair.sign(scheme, kMessage);
  if (algorithm.kind == KeyKind::ec && algorithm.form == EcdsaForm::der) signature = ecdsa_to_der(signature);
  EXPECT_TRUE(key.verify(algorithm, kMessage, signature));
  for (std::size_t i = 0; i < signature.size(); i += 7) {
    signature[i] ^= 1;
    EXPECT_FALSE(key.verify(algorithm, kMessage, signature)) << i;
    signature[i] ^= 1;
  }
  auto longer = signature;
  longer.push_back(0);
  EXPECT_FALSE(key.verify(algorithm, kMessage, longer));
  EXPECT_FALSE(key.verify(algorithm, kMessage, ByteView(signature).first(signature.size() - 1)));
  EXPECT_FALSE(key.verify(algorithm, kMessage, {}));
  for (const auto& other : verification_algorithms())
    EXPECT_EQ(key.verify(other, kMessage, signature), other.name == name) << other.name;
}

INSTANTIATE_TEST_SUITE_P(
    All, Algorithms,
    testing::Values(Case{KeyAlgorithm::ed25519, SignatureScheme::ed25519, "ed25519"},
                    Case{KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, "ecdsa-p256-sha256"},
                    Case{KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, "ecdsa-p256-sha256-p1363"},
                    Case{KeyAlgorithm::ecdsa_p384, SignatureScheme::ecdsa_p384_sha384, "ecdsa-p384-sha384"},
                    Case{KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pkcs1_sha256, "rsa-pkcs1-sha256"},
                    Case{KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pss_sha256, "rsa-pss-sha256"}));

TEST(Verification, AnEcdsaSignatureHasOneEncoding) {
  const test::TestKey pair(KeyAlgorithm::ecdsa_p256);
  const auto key = VerificationKey::of_spki(to_spki(pair.key())).value();
  const auto algorithm = verification_algorithm_of("ecdsa-p256-sha256").value();
  const auto raw = pair.sign(SignatureScheme::ecdsa_p256_sha256, kMessage);
  const auto padded = [&](ByteView half) {  // one zero more than X.690 8.3.2 has
    Bytes bytes{0, 0};
    bytes.insert(bytes.end(), half.begin(), half.end());
    return der::value(der::kInteger, {bytes});
  };
  const auto der = der::value(der::kSequence, std::initializer_list<ByteView>{padded(ByteView(raw).first(32)),
                                                                              padded(ByteView(raw).subspan(32))});
  EXPECT_FALSE(key.verify(algorithm, kMessage, der));
  const auto p1363 = verification_algorithm_of("ecdsa-p256-sha256-p1363").value();
  EXPECT_FALSE(key.verify(p1363, kMessage, Bytes(64)));
}

TEST(Verification, AKeyIsAsItsRfcWritesIt) {
  const auto good = to_spki(test::TestKey(KeyAlgorithm::ecdsa_p256).key());
  EXPECT_TRUE(VerificationKey::of_spki(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= 0x01;
    const auto key = VerificationKey::of_spki(bad);
    // A point of the curve is rare enough among its neighbours to be none of them.
    EXPECT_FALSE(key) << i;
  }
  auto longer = good;
  longer.push_back(0);
  EXPECT_FALSE(VerificationKey::of_spki(longer));
  const auto modulus = modulus_of("roca");
  const Bytes one{1}, even{4}, three{3};
  EXPECT_TRUE(VerificationKey::of_spki(spki_of(modulus, three)));
  for (const auto& exponent : {one, even, Bytes(9, 0xff)})
    EXPECT_EQ(VerificationKey::of_spki(spki_of(modulus, exponent)).error().code, "HF-KEY-0009");
  EXPECT_FALSE(VerificationKey::of_spki(spki_of(ByteView(modulus).first(64), three))) << "512 bits";
}

TEST(Verification, Abuse30WeakRsaKeysAreNamed) {
  const Bytes exponent{1, 0, 1};
  const auto weakness = [&](ByteView modulus) {
    return VerificationKey::of_spki(spki_of(modulus, exponent)).value().weakness();
  };
  EXPECT_NE(weakness(modulus_of("roca")).find("CVE-2017-15361"), std::string::npos);
  EXPECT_NE(weakness(modulus_of("close_primes")).find("CVE-2022-26320"), std::string::npos);
  EXPECT_NE(weakness(Bytes(256, 0xff)).find("small factor"), std::string::npos);
  const auto sound = VerificationKey::of_spki(to_spki(test::TestKey(KeyAlgorithm::rsa_2048).key())).value();
  EXPECT_EQ(sound.weakness(), "");
  auto half = modulus_of("roca");
  half.resize(128);
  half.back() |= 1;
  EXPECT_NE(weakness(half).find("1024 bits"), std::string::npos);
}

TEST(Verification, AlgorithmIdentifiersAreTakenInOneForm) {
  const auto with_null = der::value(der::kSequence, {der::oid("1.2.840.113549.1.1.11"), der::null()});
  const auto without = der::value(der::kSequence, {der::oid("1.2.840.113549.1.1.11")});
  EXPECT_EQ(verification_algorithm_of_der(with_null)->name, "rsa-pkcs1-sha256");
  EXPECT_FALSE(verification_algorithm_of_der(without));
  const auto md5 = der::value(der::kSequence, {der::oid("1.2.840.113549.1.1.4"), der::null()});
  EXPECT_FALSE(verification_algorithm_of_der(md5));
}

TEST(Pem, BlocksOfALabelAreFoundAndDamageIsTold) {
  const std::string text =
      "# text\n-----BEGIN A-----\nAQID\n-----END A-----\n-----BEGIN B-----\nBA==\n-----END B-----\n"
      "-----BEGIN A-----\r\nBQ\r\n==\r\n-----END A-----\r\n";
  const auto blocks = pem_blocks(text, "A").value();
  EXPECT_EQ(blocks, (std::vector<Bytes>{{1, 2, 3}, {5}}));
  EXPECT_TRUE(pem_blocks(text, "C").value().empty());
  EXPECT_EQ(pem_blocks("-----BEGIN A-----\nAQID\n", "A").error().code, "HF-PEM-0001");
  EXPECT_EQ(pem_blocks("-----BEGIN A-----\n!\n-----END A-----", "A").error().code, "HF-PEM-0001");
}

}  // namespace
}  // namespace hf::crypto
