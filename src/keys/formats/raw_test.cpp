#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;

struct RawCase {
  KeyAlgorithm algorithm;
  SignatureScheme scheme;
  const char* digest;
  const char* encoding;
};

class RawFormat : public testing::TestWithParam<RawCase> {};

TEST_P(RawFormat, IsVerifiedByOpenssl) {
  const auto& c = GetParam();
  const TempDir dir;
  const TestKey key(c.algorithm);
  const auto& format = *find_format("raw");
  const auto file = dir.path() / "tool.bin", out = dir.path() / "tool.bin.sig";
  write_file(file, noise(300));
  const auto done =
      sign(format, file, key, context_of(key, c.scheme), out, {{"algorithm", c.digest}, {"encoding", c.encoding}});
  ASSERT_TRUE(done) << done.error().message;
  const Trust trust{.keys = {key.key()}, .certificates = {}};
  const auto view = format.verify({file, out}, trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_TRUE(view->digest_only);
  EXPECT_EQ(view->kind, "digest");
  EXPECT_TRUE(uncovered(format, {file, out}, trust, file).empty());
  EXPECT_TRUE(uncovered(format, {file, out}, trust, out).empty());
  const TestKey other(c.algorithm);
  EXPECT_EQ(format.verify({file, out}, {.keys = {other.key()}, .certificates = {}}).error().code, "HF-FORMAT-0001");

  if (std::string_view(c.encoding) != "der") return;
  write_file(dir.path() / "key.pem", to_pem(key.key()));
  const auto pss =
      c.scheme == SignatureScheme::rsa_pss_sha256 ? " -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32" : "";
  const auto openssl = run("openssl dgst -" + std::string(c.digest) + pss + " -verify " +
                           (dir.path() / "key.pem").string() + " -signature " + out.string() + " " + file.string());
  EXPECT_EQ(openssl.exit, 0) << openssl.output;
}

INSTANTIATE_TEST_SUITE_P(
    Schemes, RawFormat,
    testing::Values(RawCase{KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, "sha256", "der"},
                    RawCase{KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, "sha256", "p1363"},
                    RawCase{KeyAlgorithm::ecdsa_p384, SignatureScheme::ecdsa_p384_sha384, "sha384", "der"},
                    RawCase{KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pkcs1_sha256, "sha256", "der"},
                    RawCase{KeyAlgorithm::rsa_3072, SignatureScheme::rsa_pss_sha256, "sha256", "der"}));

// Abuse case 14 of the keys and PKI notes: digests of 20, 31 and 200 bytes.
TEST(RawFormat, Abuse14_ADigestOfAnotherLengthIsRefused) {
  const auto& format = *find_format("raw");
  for (const std::size_t size : {0U, 20U, 31U, 33U, 48U, 200U}) {
    const auto evidence = write_evidence(
        "raw",
        {{"algorithm", "sha256"}, {"encoding", "der"}, {"digest", to_hex(Bytes(size, 7))}, {"name", "a"}, {"size", 1}});
    ASSERT_TRUE(evidence);
    EXPECT_EQ(format.view(*evidence).error().code, "HF-FORMAT-0007") << size;
  }
}

TEST(RawFormat, TheDigestMustBeTheSchemesOwn) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::ecdsa_p384);
  write_file(dir.path() / "a", "text");
  const auto done = sign(*find_format("raw"), dir.path() / "a", key,
                         context_of(key, SignatureScheme::ecdsa_p384_sha384), dir.path() / "a.sig");
  EXPECT_EQ(done.error().code, "HF-FORMAT-0007");
}

TEST(RawFormat, EvidenceOfOneFileDoesNotSignAnother) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::ecdsa_p256);
  const auto& format = *find_format("raw");
  const auto context = context_of(key, SignatureScheme::ecdsa_p256_sha256);
  const auto file = dir.path() / "a";
  write_file(file, "as approved");
  const auto evidence = *format.evidence(file, {});
  expect_evidence_is_judged(format, evidence, context);
  const auto signature = key.sign_input(context.scheme, format.to_sign(evidence, context)->bytes);
  write_file(file, "as replaced");
  EXPECT_EQ(format.assemble(file, evidence, context, signature, dir.path() / "out").error().code, "HF-FORMAT-0001");
  EXPECT_FALSE(fs::exists(dir.path() / "out"));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()),
            1);  // and nothing half written
}

TEST(RawFormat, ANameThatTurnsTextAroundIsRefused) {
  const TempDir dir;
  write_file(dir.path() / "a\xE2\x80\xAE", "x");
  EXPECT_EQ(find_format("raw")->evidence(dir.path() / "a\xE2\x80\xAE", {}).error().code, "HF-FORMAT-0011");
}

TEST(RawFormat, OptionsAreClosed) {
  const TempDir dir;
  write_file(dir.path() / "a", "x");
  const auto& format = *find_format("raw");
  EXPECT_EQ(format.evidence(dir.path() / "a", {{"algorthm", "sha256"}}).error().code, "HF-FORMAT-0006");
  EXPECT_EQ(format.evidence(dir.path() / "a", {{"algorithm", "sha1"}}).error().code, "HF-FORMAT-0006");
  EXPECT_EQ(format.evidence(dir.path() / "b", {}).error().code, "HF-FORMAT-0002");
}

}  // namespace
}  // namespace hf::keys
