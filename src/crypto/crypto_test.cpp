#include <gtest/gtest.h>

#include "crypto/constant_time.h"
#include "crypto/hmac.h"
#include "crypto/password.h"
#include "crypto/public_key.h"
#include "crypto/random.h"

namespace hf::crypto {
namespace {

constexpr PasswordCost kSmall{.memory_kib = 64, .passes = 1, .lanes = 1};

TEST(Sha256, PiecesAndPartsGiveTheDigestOfTheWhole) {
  // FIPS 180-4 example: "abc"
  constexpr auto* expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(to_hex(sha256({bytes_of("a"), bytes_of("bc")})), expected);
  Sha256Stream stream;
  for (int round = 0; round < 2; ++round)
    EXPECT_EQ(to_hex(stream.update(bytes_of("ab")).update(bytes_of("c")).finish()), expected);
}

TEST(Hmac, GivesTheMacsOfRfc4231) {
  EXPECT_EQ(to_hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))),  // 4.3
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Bytes key(131, 0xaa);  // 4.7
  EXPECT_EQ(to_hex(hmac_sha256(key, bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(to_hex(hmac_sha256({}, {})), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(ConstantTime, ComparesContentAndLength) {
  EXPECT_TRUE(equal_in_constant_time(bytes_of("abc"), bytes_of("abc")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("abc"), bytes_of("abd")));
  EXPECT_FALSE(equal_in_constant_time(bytes_of("abc"), bytes_of("ab")));
  EXPECT_TRUE(equal_in_constant_time({}, {}));
}

TEST(Random, TokensAreLongUrlSafeAndNeverTwice) {
  const auto a = random_token(), b = random_token();
  EXPECT_EQ(a.size(), 43U);
  EXPECT_EQ(a.text().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
            std::string::npos);
  EXPECT_NE(a.text(), b.text());
  EXPECT_NE(random_bytes(16), random_bytes(16));
}

TEST(Secret, MovesWithoutACopyAndWorksPastTheLockedHeap) {
  Secret a(bytes_of("pin"));
  const auto* where = a.data();
  Secret b(std::move(a));
  EXPECT_EQ(b.data(), where);
  EXPECT_TRUE(a.empty());
  std::vector<Secret> many;
  for (int i = 0; i < 100; ++i) many.emplace_back(std::size_t{4096});
  for (const auto& secret : many) EXPECT_EQ(secret.bytes().back(), 0);
}

TEST(Password, IsKeptAsArgon2idWithTheDefaultsOfRfc9106) {
  const auto phc = hash_password("correct horse");
  ASSERT_TRUE(phc);
  EXPECT_TRUE(phc->starts_with("$argon2id$v=19$m=65536,t=3,p=1$")) << *phc;
  EXPECT_EQ(*verify_password("correct horse", *phc), PasswordMatch::yes);
}

TEST(Password, OnlyTheRightOneMatchesAndAnOldCostIsReported) {
  const auto phc = *hash_password("a", kSmall);
  EXPECT_NE(phc, *hash_password("a", kSmall));  // salted
  EXPECT_EQ(*verify_password("a", phc, kSmall), PasswordMatch::yes);
  EXPECT_EQ(*verify_password("a", phc), PasswordMatch::yes_rehash);
  for (const auto& wrong : {std::string("b"), std::string(), std::string("a\0", 2), std::string(5000, 'a')})
    EXPECT_EQ(*verify_password(wrong, phc, kSmall), PasswordMatch::no);
  EXPECT_EQ(hash_password("").error().code, "HF-PASSWORD-0001");
  EXPECT_EQ(hash_password(std::string(1025, 'a')).error().code, "HF-PASSWORD-0001");
  EXPECT_EQ(hash_password("a", {.memory_kib = 1}).error().code, "HF-PASSWORD-0002");
}

TEST(Password, ADamagedHashIsAnErrorAndNeverAMatch) {
  const auto phc = *hash_password("a", kSmall);
  for (const auto& bad :
       std::vector<std::string>{"", "x", phc.substr(1), phc.substr(0, 40), phc + "x", "$argon2i" + phc.substr(9),
                                "$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA",
                                "$argon2id$v=19$m=64,t=4000000000,p=1$AAAAAAAAAAA$AAAAAAAAAAA",
                                "$argon2id$v=19$m=2097152,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAA", std::string(600, '$')})
    EXPECT_EQ(verify_password("a", bad, kSmall).error().code, "HF-PASSWORD-0003") << bad;
}

// RFC 8032 section 7.1, test 2.
TEST(PublicKey, Ed25519VerifiesTheVectorOfRfc8032AndNoOtherMessage) {
  const auto key = public_key_of(KeyAlgorithm::ed25519,
                                 *from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
  ASSERT_TRUE(key);
  auto signature = *from_hex(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  const std::uint8_t message = 0x72, other = 0x73;
  EXPECT_TRUE(verify(*key, {&message, 1}, signature));
  EXPECT_FALSE(verify(*key, {&other, 1}, signature));
  EXPECT_FALSE(verify(*key, {&message, 1}, ByteView(signature).first(63)));
  signature[0] ^= 1;
  EXPECT_FALSE(verify(*key, {&message, 1}, signature));
}

// RFC 6979 appendix A.2.5, P-256 with SHA-256, message "sample".
TEST(PublicKey, P256VerifiesTheVectorOfRfc6979) {
  const auto key = public_key_of(KeyAlgorithm::ecdsa_p256,
                                 *from_hex("0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                           "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"));
  ASSERT_TRUE(key);
  auto signature = *from_hex(
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  EXPECT_TRUE(verify(*key, bytes_of("sample"), signature));
  EXPECT_FALSE(verify(*key, bytes_of("test"), signature));
  signature[63] ^= 1;
  EXPECT_FALSE(verify(*key, bytes_of("sample"), signature));
}

TEST(PublicKey, SpkiReadsBackAndBadPointsAreRefused) {
  const auto ed = *public_key_of(KeyAlgorithm::ed25519,
                                 *from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
  const auto ec = *public_key_of(KeyAlgorithm::ecdsa_p256,
                                 *from_hex("0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                           "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"));
  for (const auto& key : {ed, ec}) {
    auto der = to_spki(key);
    EXPECT_EQ(*public_key_of_spki(der), key);
    EXPECT_EQ(fingerprint_of(key), sha256({der}));
    der.push_back(0);
    EXPECT_EQ(public_key_of_spki(der).error().code, "HF-KEY-0001");
  }
  EXPECT_EQ(to_spki(ed).size(), 44U);  // RFC 8410
  EXPECT_EQ(to_spki(ec).size(), 91U);  // RFC 5480
  auto off_curve = ec.point;
  off_curve[64] ^= 1;
  EXPECT_EQ(public_key_of(KeyAlgorithm::ecdsa_p256, off_curve).error().code, "HF-KEY-0001");
  EXPECT_EQ(public_key_of(KeyAlgorithm::ed25519, off_curve).error().code, "HF-KEY-0001");
  EXPECT_EQ(public_key_of_spki({}).error().code, "HF-KEY-0001");
  EXPECT_FALSE(verify({}, {}, Bytes(64)));
}

}  // namespace
}  // namespace hf::crypto
