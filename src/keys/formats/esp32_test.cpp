#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;

const Format& format() { return *find_format("esp32"); }
const std::string kEspsecure = std::string(HF_TEST_DATA) + "/../interop/formats/espsecure ";

// An application image's beginning: header, segment header, esp_app_desc_t.
Bytes application(std::size_t size) {
  auto bytes = noise(size);
  std::fill(bytes.begin(), bytes.begin() + 320, std::uint8_t{0});
  bytes[0] = 0xe9, bytes[1] = 3, bytes[12] = 9;  // ESP32-S3
  const Bytes magic{0x32, 0x54, 0xcd, 0xab, 5, 0, 0, 0};
  std::ranges::copy(magic, bytes.begin() + 32);
  std::ranges::copy(std::string_view("2.4.1"), bytes.begin() + 48);
  std::ranges::copy(std::string_view("gateway"), bytes.begin() + 80);
  return bytes;
}

class Esp32Format : public testing::TestWithParam<std::pair<KeyAlgorithm, SignatureScheme>> {};

TEST_P(Esp32Format, IsVerifiedByEspsecure) {
  const auto [algorithm, scheme] = GetParam();
  const TempDir dir;
  const TestKey key(algorithm);
  const auto input = dir.path() / "app.bin", out = dir.path() / "app.signed.bin";
  write_file(input, application(5000));
  const auto done = sign(format(), input, key, context_of(key, scheme), out);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(fs::file_size(out), 3U * 4096);
  const Trust trust{.keys = {key.key()}, .certificates = {}};
  const auto view = format().verify({out, {}}, trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->version, "2.4.1");
  EXPECT_EQ(view->security_version, 5U);
  EXPECT_EQ(view->compatible, std::vector<std::string>{"chip:9"});
  EXPECT_EQ(view->facts.at("project").as_string(), "gateway");
  EXPECT_EQ(*recognize_format(out), &format());
  EXPECT_TRUE(uncovered(format(), {out, {}}, trust, out, algorithm == KeyAlgorithm::rsa_3072 ? 19 : 5).empty());
  const TestKey other(algorithm);
  EXPECT_EQ(format().verify({out, {}}, {.keys = {other.key()}, .certificates = {}}).error().code, "HF-FORMAT-0001");

  if (algorithm == KeyAlgorithm::rsa_3072) {  // the numbers that only the chip's RSA peripheral reads
    const auto numbers = run("python3 -c \"b = open('" + out.string() +
                             "', 'rb').read()[-4096:]; i = lambda at, size: int.from_bytes(b[at:at + size], 'little'); "
                             "n = i(36, 384); assert i(420, 4) == 65537 and i(424, 384) == (1 << 6144) % n and "
                             "i(808, 4) == -pow(n, -1, 1 << 32) % (1 << 32)\"");
    EXPECT_EQ(numbers.exit, 0) << numbers.output;
  }
  write_file(dir.path() / "key.pem", to_pem(key.key()));
  const auto verify = kEspsecure + (dir.path() / "key.pem").string() + " " + out.string();
  const auto espsecure = run(verify);
  if (espsecure.exit == 127) GTEST_SKIP() << "needs esptool's sources of PyPI, and Debian's python3-cryptography";
  EXPECT_EQ(espsecure.exit, 0) << espsecure.output;
  for (const std::size_t at : {100U, 2U * 4096 + 50, 2U * 4096 + 900}) {  // image, key or signature, signature
    auto bytes = read_file(out);
    if (algorithm != KeyAlgorithm::rsa_3072 && at == 2U * 4096 + 900) continue;
    bytes[at] ^= 1;
    write_file(dir.path() / "flipped", bytes);
    EXPECT_NE(run(kEspsecure + (dir.path() / "key.pem").string() + " " + (dir.path() / "flipped").string()).exit, 0)
        << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Schemes, Esp32Format,
                         testing::Values(std::pair(KeyAlgorithm::rsa_3072, SignatureScheme::rsa_pss_sha256),
                                         std::pair(KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256),
                                         std::pair(KeyAlgorithm::ecdsa_p384, SignatureScheme::ecdsa_p384_sha384)));

TEST(Esp32Format, ASignedImageIsSignedAnewOnlyWhenAsked) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::ecdsa_p256), other(KeyAlgorithm::ecdsa_p384);
  const auto input = dir.path() / "app.bin", out = dir.path() / "a", again = dir.path() / "b";
  write_file(input, application(8192));
  ASSERT_TRUE(sign(format(), input, key, context_of(key, SignatureScheme::ecdsa_p256_sha256), out));
  const auto context = context_of(other, SignatureScheme::ecdsa_p384_sha384);
  EXPECT_EQ(sign(format(), out, other, context, again).error().code, "HF-FORMAT-0012");
  ASSERT_TRUE(sign(format(), out, other, context, again, {{"replace", "true"}}));
  EXPECT_EQ(fs::file_size(again), fs::file_size(out));
  EXPECT_TRUE(format().verify({again, {}}, {.keys = {other.key()}, .certificates = {}}));
}

// Three keys may be fused, so that one can be revoked: three signatures.
TEST(Esp32Format, UpToThreeSignaturesStandInTheSector) {
  const TempDir dir;
  const auto input = dir.path() / "app.bin";
  write_file(input, application(5000));
  std::vector<TestKey> keys;
  for (int i = 0; i < 4; ++i) keys.emplace_back(KeyAlgorithm::ecdsa_p256);
  auto last = input;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto out = dir.path() / std::to_string(i);
    const auto done = sign(format(), last, keys[i], context_of(keys[i], SignatureScheme::ecdsa_p256_sha256), out,
                           {{"append", "true"}});
    if (i == 3) {
      EXPECT_EQ(done.error().code, "HF-FORMAT-0005");
      break;
    }
    ASSERT_TRUE(done) << done.error().message;
    last = out;
  }
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(format().verify({last, {}}, {.keys = {keys[i].key()}, .certificates = {}})) << i;
    write_file(dir.path() / "key.pem", to_pem(keys[i].key()));
    const auto espsecure = run(kEspsecure + (dir.path() / "key.pem").string() + " " + last.string());
    EXPECT_TRUE(espsecure.exit == 0 || espsecure.exit == 127) << espsecure.output;
  }
}

TEST(Esp32Format, EvidenceIsJudged) {
  const TempDir dir;
  const TestKey key(KeyAlgorithm::ecdsa_p256), rsa(KeyAlgorithm::rsa_2048);
  write_file(dir.path() / "a", application(600));
  const auto evidence = *format().evidence(dir.path() / "a", {});
  EXPECT_EQ(format().to_sign(evidence, context_of(rsa, SignatureScheme::rsa_pss_sha256)).error().code,
            "HF-FORMAT-0008");
  EXPECT_EQ(*format().view(evidence), *format().view(evidence));
  write_file(dir.path() / "a", noise(600));
  EXPECT_EQ(format().evidence(dir.path() / "a", {}).error().code, "HF-FORMAT-0004");
}

}  // namespace
}  // namespace hf::keys
