#include "crypto/cose.h"
#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;
namespace cbor = crypto::cbor;
using crypto::Cbor;

const Format& format() { return *find_format("suit"); }
const fs::path kData = fs::path(HF_TEST_DATA) / "keys/suit";

TEST(SuitFormat, TheExamplesOfTheDraftAreVerified) {
  const auto key = crypto::public_key_of_pem(text_of(read_file(kData / "key.pub.pem")));
  ASSERT_TRUE(key);
  const Trust trust{.keys = {*key}, .certificates = {}};
  const auto zero = format().verify({kData / "example0.suit", {}}, trust);
  ASSERT_TRUE(zero) << zero.error().message;
  EXPECT_EQ(zero->security_version, 0U);
  EXPECT_EQ(zero->compatible, (std::vector<std::string>{"class:1492af14-2569-5e48-bf42-9b2d51f2ab45",
                                                        "vendor:fa6b4a53-d5ad-5fdf-be9d-e663e4d41ffe"}));
  EXPECT_EQ(zero->digests,
            std::vector<std::string>{"00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"});
  const auto one = format().verify({kData / "example1.suit", {}}, trust);
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(to_text(one->facts.at("uris")), R"(["http://example.com/file.bin"])");
  const TempDir dir;
  fs::copy(kData / "example1.suit", dir.path() / "a");
  EXPECT_TRUE(uncovered(format(), {dir.path() / "a", {}}, trust, dir.path() / "a").empty());
}

class SuitSchemes : public testing::TestWithParam<std::pair<KeyAlgorithm, SignatureScheme>> {};

TEST_P(SuitSchemes, IsVerifiedByAnotherReader) {
  const auto [algorithm, scheme] = GetParam();
  const TempDir dir;
  const TestKey key(algorithm);
  const auto out = dir.path() / "signed.suit";
  const auto done = sign(format(), kData / "example0.unsigned.suit", key, context_of(key, scheme), out);
  ASSERT_TRUE(done) << done.error().message;
  const Trust trust{.keys = {key.key()}, .certificates = {}};
  EXPECT_TRUE(uncovered(format(), {out, {}}, trust, out).empty());
  const TestKey other(algorithm);
  EXPECT_EQ(format().verify({out, {}}, {.keys = {other.key()}, .certificates = {}}).error().code, "HF-FORMAT-0001");
  EXPECT_EQ(*recognize_format(out), &format());
  const auto ours = read_file(out);
  const bool as_the_draft =
      algorithm != KeyAlgorithm::ecdsa_p256 || ours.size() == fs::file_size(kData / "example0.suit");
  EXPECT_TRUE(as_the_draft);

  if (run("/usr/bin/python3 -c 'import cbor2, cryptography'").exit != 0)
    GTEST_SKIP() << "needs python3-cbor2 and python3-cryptography";
  write_file(dir.path() / "key.pem", to_pem(key.key()));
  const auto verify = "/usr/bin/python3 -B " + std::string(HF_TEST_DATA) + "/../interop/formats/suit_verify.py " +
                      out.string() + " " + (dir.path() / "key.pem").string();
  const auto accepted = run(verify);
  EXPECT_EQ(accepted.exit, 0) << accepted.output;
  for (const auto at : {std::size_t{20}, std::size_t{90}, ours.size() - 20}) {
    auto bytes = ours;
    bytes[at] ^= 1;
    write_file(out, bytes);
    EXPECT_NE(run(verify).exit, 0) << at;
  }
}
INSTANTIATE_TEST_SUITE_P(Schemes, SuitSchemes,
                         testing::Values(std::pair(KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256),
                                         std::pair(KeyAlgorithm::ecdsa_p384, SignatureScheme::ecdsa_p384_sha384),
                                         std::pair(KeyAlgorithm::ed25519, SignatureScheme::ed25519)));

TEST(SuitFormat, IsSignedAnewOnlyWhenAsked) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::ed25519);
  const auto context = context_of(key, SignatureScheme::ed25519);
  const auto out = dir.path() / "out";
  EXPECT_EQ(sign(format(), kData / "example1.suit", key, context, out).error().code, "HF-FORMAT-0012");
  EXPECT_TRUE(sign(format(), kData / "example1.suit", key, context, out, {{"replace", "true"}}));
  expect_evidence_is_judged(format(), *format().evidence(kData / "example0.unsigned.suit", {}), context);
}

// A payload in the envelope must be one of the manifest's images.
TEST(SuitFormat, PayloadsInTheEnvelopeAreHeldToTheManifest) {
  const TempDir dir;
  const auto unsigned_bytes = read_file(kData / "example0.unsigned.suit");
  auto bytes = cbor::head(Cbor::Kind::tag, 107);
  put(bytes, cbor::head(Cbor::Kind::map, 3));
  put(bytes, ByteView(unsigned_bytes).subspan(3));
  put(bytes, cbor::text("#file"));
  put(bytes, cbor::bytes(noise(20)));
  write_file(dir.path() / "a", bytes);
  EXPECT_EQ(format().evidence(dir.path() / "a", {}).error().code, "HF-FORMAT-0001");
}

TEST(Cbor, IsReadStrictly) {
  const auto code = [](std::initializer_list<int> values) {
    Bytes bytes;
    for (const int value : values) bytes.push_back(std::uint8_t(value));
    const auto parsed = crypto::parse_cbor(bytes);
    return parsed ? std::string("read") : std::string(parsed.error().code);
  };
  EXPECT_EQ(code({0x17}), "read");
  EXPECT_EQ(code({0x18, 0x18}), "read");
  EXPECT_EQ(code({0x18, 0x17}), "HF-CBOR-0001");                    // not the shortest
  EXPECT_EQ(code({0x19, 0x00, 0xff}), "HF-CBOR-0001");              // not the shortest
  EXPECT_EQ(code({0x5f, 0x41, 0x01, 0xff}), "HF-CBOR-0001");        // indefinite
  EXPECT_EQ(code({0xa2, 0x02, 0x00, 0x01, 0x00}), "HF-CBOR-0001");  // out of order
  EXPECT_EQ(code({0xa2, 0x01, 0x00, 0x01, 0x00}), "HF-CBOR-0001");  // twice
  EXPECT_EQ(code({0xf9, 0x00, 0x00}), "HF-CBOR-0001");              // a float
  EXPECT_EQ(code({0x01, 0x01}), "HF-CBOR-0001");                    // more than one
  EXPECT_EQ(code({0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "HF-CBOR-0002");
  Bytes deep(100, 0x81);
  EXPECT_EQ(crypto::parse_cbor(deep).error().code, "HF-CBOR-0002");
  for (const std::int64_t number : {std::int64_t{0}, std::int64_t{23}, std::int64_t{24}, std::int64_t{255},
                                    std::int64_t{256}, std::int64_t{65536}, INT64_MAX, INT64_MIN, std::int64_t{-1}}) {
    const auto bytes = cbor::integer(number);
    EXPECT_EQ(crypto::parse_cbor(bytes)->integer(), number);
  }
}

}  // namespace
}  // namespace hf::keys
