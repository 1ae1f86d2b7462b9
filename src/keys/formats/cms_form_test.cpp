#include "keys/formats/cms_form.h"

#include "crypto/der.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;
using crypto::cms_verify;

struct Cms {
  Cms(KeyAlgorithm algorithm, SignatureScheme scheme, bool attached, bool attributes) : key(algorithm) {
    const auto signed_attributes =
        attributes ? crypto::cms_signed_attributes(digest_of(cms_digest_of(scheme), content), kSigningTime) : Bytes();
    const auto signature = key.sign(scheme, attributes ? ByteView(signed_attributes) : ByteView(content));
    der = *crypto::cms_signed_data({key.key(), scheme, certificate, {}},
                                   attached ? std::optional<ByteView>(content) : std::nullopt, signed_attributes,
                                   signature);
  }
  TestKey key;
  Bytes content = noise(100);
  Bytes certificate = key.certificate({});
  Bytes der{};
};

struct CmsCase {
  KeyAlgorithm algorithm;
  SignatureScheme scheme;
  bool attached, attributes;
};
class CmsForm : public testing::TestWithParam<CmsCase> {};

// Each flip is refused, but for those in the certificates that travel along unused and in the criticalities that DER
// leaves to the reader: there are none of either here.
TEST_P(CmsForm, EveryFlippedByteIsRefusedAndOpensslAgrees) {
  const auto& c = GetParam();
  Cms cms(c.algorithm, c.scheme, c.attached, c.attributes);
  const auto verify = [&](ByteView der) {
    return cms_verify(der, {cms.certificate}, c.attached ? crypto::CmsContent() : crypto::content_of(cms.content));
  };
  const auto verified = verify(cms.der);
  ASSERT_TRUE(verified) << verified.error().message << verified.error().detail;
  EXPECT_EQ(verified->content, c.attached ? cms.content : Bytes());
  EXPECT_EQ(verified->signing_time.has_value(), c.attributes);
  for (std::size_t at = 0; at < cms.der.size(); ++at)
    for (const auto bit : Bytes{0x01, 0x20, 0x80}) {
      cms.der[at] ^= bit;
      EXPECT_FALSE(verify(cms.der)) << "at " << at << " of " << cms.der.size() << " bit " << int(bit);
      cms.der[at] ^= bit;
    }
  cms.der.push_back(0);
  EXPECT_EQ(verify(cms.der).error().code, "HF-CMS-0003");
  cms.der.pop_back();

  const TempDir dir;
  write_file(dir.path() / "cms", cms.der);
  write_file(dir.path() / "content", cms.content);
  write_file(dir.path() / "ca.pem", test::certificate_pem(cms.certificate));
  const auto openssl = run("openssl cms -verify -binary -inform DER -in " + (dir.path() / "cms").string() +
                           (c.attached ? "" : " -content " + (dir.path() / "content").string()) + " -CAfile " +
                           (dir.path() / "ca.pem").string() + " -out " + (dir.path() / "out").string());
  EXPECT_EQ(openssl.exit, 0) << openssl.output;
  EXPECT_EQ(read_file(dir.path() / "out"), cms.content);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, CmsForm,
    testing::Values(CmsCase{KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, false, true},
                    CmsCase{KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, false, false},
                    CmsCase{KeyAlgorithm::ecdsa_p384, SignatureScheme::ecdsa_p384_sha384, true, true},
                    CmsCase{KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pkcs1_sha256, true, false},
                    CmsCase{KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pss_sha256, false, true}));

// Abuse case 17: SHA-1, which OpenSSL's own command still takes.
TEST(CmsForm, Abuse17_SignaturesOverSha1AreRefused) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::rsa_2048);
  const auto certificate = key.certificate({});
  write_file(dir.path() / "content", "text");
  write_file(dir.path() / "key.pem", key.private_pem());
  write_file(dir.path() / "ca.pem", test::certificate_pem(certificate));
  for (const auto* digest : {"sha1", "sha256"}) {
    const auto made = run("cd " + dir.path().string() + " && openssl cms -sign -binary -md " + digest +
                          " -in content -signer ca.pem -inkey key.pem -outform DER -out cms");
    ASSERT_EQ(made.exit, 0) << made.output;
    const auto bytes = read_file(dir.path() / "content");
    const auto verified = cms_verify(read_file(dir.path() / "cms"), {certificate}, crypto::content_of(bytes));
    EXPECT_EQ(verified.has_value(), std::string_view(digest) == "sha256") << digest << verified.error().message;
  }
}

TEST(CmsForm, ContentOfItsOwnIsNotTakenForTheFile) {
  const Cms cms(KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, true, true);
  EXPECT_FALSE(cms_verify(cms.der, {cms.certificate}, crypto::content_of(cms.content)));
  const Cms detached(KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, false, true);
  EXPECT_FALSE(cms_verify(detached.der, {detached.certificate}));
}

TEST(Der, IsReadStrictly) {
  using crypto::DerReader;
  const auto read = [](std::initializer_list<std::uint8_t> bytes) {
    const Bytes all(bytes);
    return DerReader(all).next().has_value();
  };
  EXPECT_TRUE(read({0x30, 0x00}));
  EXPECT_TRUE(read({0x04, 0x01, 0xff}));
  EXPECT_FALSE(read({0x30, 0x80, 0x00, 0x00}));        // indefinite
  EXPECT_FALSE(read({0x04, 0x81, 0x01, 0xff}));        // longer than needed
  EXPECT_FALSE(read({0x04, 0x82, 0x00, 0x01, 0xff}));  // with a leading zero
  EXPECT_FALSE(read({0x1f, 0x01, 0x00}));              // a tag of two bytes
  EXPECT_FALSE(read({0x04, 0x02, 0xff}));              // past the end
  EXPECT_FALSE(read({0x04}));
  EXPECT_EQ(to_hex(crypto::der::oid("1.2.840.113549.1.7.2")), "06092a864886f70d010702");
  EXPECT_EQ(to_hex(crypto::der::oid("2.999")), "06028837");
  EXPECT_EQ(to_hex(crypto::der::integer(std::uint64_t{0})), "020100");
  EXPECT_EQ(to_hex(crypto::der::integer(std::uint64_t{128})), "02020080");
  EXPECT_EQ(to_hex(crypto::der::time(time_of(0))), "170d" + to_hex(bytes_of("700101000000Z")));
  EXPECT_EQ(to_hex(crypto::der::time(*parse_rfc3339("2050-01-01T00:00:00Z"))),
            "180f" + to_hex(bytes_of("20500101000000Z")));
  EXPECT_EQ(crypto::der::value(4, {Bytes(300)}).size(), 304U);
}

}  // namespace
}  // namespace hf::keys
