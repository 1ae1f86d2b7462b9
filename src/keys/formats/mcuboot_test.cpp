#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"
#include "keys/formats/mcuboot_image.h"

namespace hf::keys {
namespace {
using namespace fixture;

const Format& format() { return *find_format("mcuboot"); }
const std::string kImgtool = std::string(HF_TEST_DATA) + "/../interop/formats/imgtool ";
bool has_imgtool() {
  static const bool has = run(kImgtool + "version").exit == 0;
  return has;
}
#define HF_NEED_IMGTOOL() \
  if (!has_imgtool()) GTEST_SKIP() << "needs imgtool: of PyPI, with Debian's python3-click, -intelhex, -cbor2, -yaml"

const JsonObject kHeader{{"version", "1.2.3+4"},
                         {"pad-header", "true"},
                         {"security-counter", 7},
                         {"vid", "12345678-1234-5678-1234-567812345678"},
                         {"cid", "00000000000000000000000000000001"}};

struct SignedImage {
  explicit SignedImage(KeyAlgorithm algorithm = KeyAlgorithm::ecdsa_p256,
                       SignatureScheme scheme = SignatureScheme::ecdsa_p256_sha256, JsonObject options = kHeader)
      : key(algorithm), trust{.keys = {key.key()}, .certificates = {}} {
    write_file(plain, noise(500));
    const auto done = sign(format(), plain, key, context_of(key, scheme), out, options);
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    write_file(dir.path() / "key.pem", to_pem(key.key()));
  }
  Result<View> verify_changed(const std::function<void(Bytes&)>& change) const {
    auto bytes = read_file(out);
    change(bytes);
    write_file(dir.path() / "changed", bytes);
    return format().verify({dir.path() / "changed", {}}, trust);
  }

  TempDir dir;
  TestKey key;
  Trust trust;
  fs::path plain = dir.path() / "app.bin", out = dir.path() / "app.signed.bin";
};

struct McubootCase {
  KeyAlgorithm algorithm;
  SignatureScheme scheme;
  const char* digest;
};
class McubootFormat : public testing::TestWithParam<McubootCase> {};

TEST_P(McubootFormat, APlainBinaryIsSignedAsImgtoolDoes) {
  const auto& c = GetParam();
  auto options = kHeader;
  options["digest"] = c.digest;
  const SignedImage image(c.algorithm, c.scheme, options);
  const auto view = format().verify({image.out, {}}, image.trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->version, "1.2.3+4");
  EXPECT_EQ(view->security_version, 7U);
  EXPECT_EQ(view->compatible, (std::vector<std::string>{"vid:12345678-1234-5678-1234-567812345678",
                                                        "cid:00000000-0000-0000-0000-000000000001"}));
  EXPECT_TRUE(uncovered(format(), {image.out, {}}, image.trust, image.out).empty());
  const TestKey other(c.algorithm);
  EXPECT_EQ(format().verify({image.out, {}}, {.keys = {other.key()}, .certificates = {}}).error().code,
            "HF-FORMAT-0001");

  HF_NEED_IMGTOOL();
  const auto verify = kImgtool + "verify -k " + (image.dir.path() / "key.pem").string() + " ";
  const auto imgtool = run(verify + image.out.string());
  EXPECT_EQ(imgtool.exit, 0) << imgtool.output;
  EXPECT_NE(imgtool.output.find("Image version: 1.2.3+4"), std::string::npos) << imgtool.output;
  const auto dump = run(kImgtool + "dumpinfo " + image.out.string());
  EXPECT_EQ(dump.exit, 0) << dump.output;
  for (const std::size_t at : {40U, 560U}) {  // payload, protected TLVs
    auto bytes = read_file(image.out);
    bytes[at] ^= 1;
    write_file(image.dir.path() / "flipped", bytes);
    EXPECT_NE(run(verify + (image.dir.path() / "flipped").string()).exit, 0) << at;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Schemes, McubootFormat,
    testing::Values(McubootCase{KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, "sha256"},
                    McubootCase{KeyAlgorithm::ecdsa_p384, SignatureScheme::ecdsa_p384_sha384, "sha384"},
                    McubootCase{KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pss_sha256, "sha256"},
                    McubootCase{KeyAlgorithm::rsa_3072, SignatureScheme::rsa_pss_sha256, "sha256"},
                    McubootCase{KeyAlgorithm::ed25519, SignatureScheme::ed25519, "sha256"},
                    McubootCase{KeyAlgorithm::ed25519, SignatureScheme::ed25519, "sha512"}));

// imgtool's own output without a key is what a build leaves; signing it gives imgtool's bytes.
TEST(McubootFormat, AnImageThatImgtoolLeftUnsignedIsSigned) {
  HF_NEED_IMGTOOL();
  const TempDir dir;
  const TestKey key(KeyAlgorithm::rsa_2048);
  const auto plain = dir.path() / "app.bin", unsigned_image = dir.path() / "app.img", out = dir.path() / "app.signed";
  write_file(plain, noise(700));
  const auto imgtool =
      run(kImgtool + "sign --header-size 0x200 --pad-header --align 4 --slot-size 0x10000 -v 2.0.1 " +
          "-s 9 -d '(1, 1.0.0+5)' --custom-tlv 0x00b1 0x0102 " + plain.string() + " " + unsigned_image.string());
  ASSERT_EQ(imgtool.exit, 0) << imgtool.output;
  const auto done = sign(format(), unsigned_image, key, context_of(key, SignatureScheme::rsa_pss_sha256), out);
  ASSERT_TRUE(done) << done.error().message;
  const auto view = format().verify({out, {}}, {.keys = {key.key()}, .certificates = {}});
  ASSERT_TRUE(view);
  EXPECT_EQ(view->version, "2.0.1");
  EXPECT_EQ(view->security_version, 9U);
  EXPECT_EQ(to_text(view->facts.at("dependencies")), R"(["image 1 at least 1.0.0+5"])");
  write_file(dir.path() / "key.pem", to_pem(key.key()));
  const auto verified = run(kImgtool + "verify -k " + (dir.path() / "key.pem").string() + " " + out.string());
  EXPECT_EQ(verified.exit, 0) << verified.output;

  // From the plain binary, with our own header options: the same bytes, up to the signature.
  const auto own = dir.path() / "own.signed";
  const auto again =
      sign(format(), plain, key, context_of(key, SignatureScheme::rsa_pss_sha256), own,
           {{"header-size", "0x200"}, {"pad-header", "true"}, {"version", "2.0.1"}, {"security-counter", 9}});
  ASSERT_TRUE(again) << again.error().message;
  const auto first =
      run(kImgtool + "sign --header-size 0x200 --pad-header --align 4 --slot-size 0x10000 -v 2.0.1 -s 9 " +
          plain.string() + " " + (dir.path() / "golden.img").string());
  ASSERT_EQ(first.exit, 0) << first.output;
  const auto golden = read_file(dir.path() / "golden.img");
  auto mine = read_file(own);
  const auto without_tlvs = golden.size() - 4 - 4 - 32;  // info header, digest TLV
  ASSERT_GT(mine.size(), golden.size());
  EXPECT_TRUE(std::equal(golden.begin(), golden.begin() + std::ptrdiff_t(without_tlvs), mine.begin()));
}

TEST(McubootFormat, AnImageOfImgtoolIsVerified) {
  const fs::path data = fs::path(HF_TEST_DATA) / "keys/mcuboot";
  for (const auto* name : {"p256", "rsa2048", "ed25519"}) {
    const auto key = crypto::public_key_of_pem(text_of(read_file(data / (std::string(name) + ".pub.pem"))));
    ASSERT_TRUE(key);
    const auto view = format().verify({data / (std::string(name) + ".img"), {}}, {.keys = {*key}, .certificates = {}});
    ASSERT_TRUE(view) << name << ": " << view.error().message;
    EXPECT_EQ(view->version, "1.4.0+12");
    EXPECT_EQ(view->security_version, 3U);
  }
}

TEST(McubootFormat, ASlotIsPaddedAndItsRestMustStayErased) {
  auto options = kHeader;
  options["slot-size"] = "0x800";
  const SignedImage image(KeyAlgorithm::ed25519, SignatureScheme::ed25519, options);
  EXPECT_EQ(fs::file_size(image.out), 0x800U);
  EXPECT_TRUE(uncovered(format(), {image.out, {}}, image.trust, image.out).empty());
}

// Abuse case 15: what no digest covers must not carry anything.
TEST(McubootFormat, Abuse15_UnprotectedTlvsAndTrailingDataAreRefused) {
  const SignedImage image;
  for (const int type : {0x50, 0x40, 0x60, 0x74, 0x75, 0xa0, 0x30, 0x25}) {
    const auto smuggled = image.verify_changed([&](Bytes& bytes) {
      mcuboot::put_record(bytes, std::uint16_t(type), Bytes{1, 0, 0, 0});
      const auto area = std::size_t(32 + 500 + 4 + 8 + 20 + 20);
      const auto size = std::uint16_t(mcuboot::kTlvHead + le16(bytes, area + 2) + 4);
      bytes[area + 2] = std::uint8_t(size), bytes[area + 3] = std::uint8_t(size >> 8);
    });
    ASSERT_FALSE(smuggled) << type;
    EXPECT_EQ(smuggled.error().code, "HF-FORMAT-0004") << type;
  }
  const auto trailing = image.verify_changed([](Bytes& bytes) { put(bytes, bytes_of("PK\x03\x04 polyglot")); });
  EXPECT_EQ(trailing.error().code, "HF-FORMAT-0004");
  // As input: refused too, not carried along.
  write_file(image.dir.path() / "input", [&] {
    auto bytes = read_file(image.out);
    bytes.push_back(0xff);
    return bytes;
  }());
  EXPECT_EQ(format().evidence(image.dir.path() / "input", {{"replace", "true"}}).error().code, "HF-FORMAT-0004");
}

TEST(McubootFormat, Abuse15_ASecondSecurityCounterIsRefused) {
  Bytes records;
  mcuboot::put_record(records, mcuboot::kSecurityCounter, Bytes{1, 0, 0, 0});
  mcuboot::put_record(records, mcuboot::kSecurityCounter, Bytes{9, 0, 0, 0});
  const auto area = mcuboot::area_of(mcuboot::kProtectedMagic, records);
  const TempDir dir;
  Bytes file = mcuboot::to_bytes({.image_size = 4, .header_size = 32, .protected_size = std::uint16_t(area.size())});
  put(file, Bytes{1, 2, 3, 4});
  put(file, area);
  write_file(dir.path() / "image", file);
  EXPECT_EQ(format().evidence(dir.path() / "image", {}).error().code, "HF-FORMAT-0004");
  // A protected area that the header does not speak of is read by some boot loaders and digested by none.
  const auto hidden = mcuboot::to_bytes({.image_size = 4, .header_size = 32});
  std::copy(hidden.begin(), hidden.end(), file.begin());
  write_file(dir.path() / "image", file);
  EXPECT_EQ(format().evidence(dir.path() / "image", {}).error().code, "HF-FORMAT-0004");
}

TEST(McubootFormat, ASignedImageIsSignedAnewOnlyWhenAsked) {
  const SignedImage image;
  const TestKey other(KeyAlgorithm::ecdsa_p256);
  const auto context = context_of(other, SignatureScheme::ecdsa_p256_sha256);
  const auto again = image.dir.path() / "again";
  EXPECT_EQ(sign(format(), image.out, other, context, again).error().code, "HF-FORMAT-0012");
  ASSERT_TRUE(sign(format(), image.out, other, context, again, {{"replace", "true"}}));
  EXPECT_TRUE(format().verify({again, {}}, {.keys = {other.key()}, .certificates = {}}));
  EXPECT_FALSE(format().verify({again, {}}, image.trust));
}

TEST(McubootFormat, EvidenceIsJudged) {
  const SignedImage image;
  auto evidence = *format().evidence(image.plain, kHeader);
  const auto context = context_of(image.key, SignatureScheme::ecdsa_p256_sha256);
  expect_evidence_is_judged(format(), evidence, context);
  // Signed as approved, or not written: the artifact changed meanwhile.
  const auto signature = image.key.sign_input(context.scheme, format().to_sign(evidence, context)->bytes);
  write_file(image.plain, noise(500, 2));
  fs::remove(image.out);
  EXPECT_FALSE(format().assemble(image.plain, evidence, context, signature, image.out));
  EXPECT_FALSE(fs::exists(image.out));
}

TEST(McubootFormat, Abuse17_PkcsOneAndLongRsaKeysAreNotOfMcuboot) {
  const SignedImage image;
  const TestKey rsa(KeyAlgorithm::rsa_2048);
  EXPECT_EQ(sign(format(), image.plain, rsa, context_of(rsa, SignatureScheme::rsa_pkcs1_sha256), image.out, kHeader)
                .error()
                .code,
            "HF-FORMAT-0008");
  EXPECT_EQ(sign(format(), image.plain, rsa, context_of(rsa, SignatureScheme::ecdsa_p256_sha256), image.out, kHeader)
                .error()
                .code,
            "HF-FORMAT-0008");
}

TEST(McubootFormat, WhatIsNoImageIsRefusedWithTheReason) {
  const TempDir dir;
  const auto file = dir.path() / "image";
  const auto refused = [&](Bytes bytes) {
    write_file(file, bytes);
    return format().evidence(file, {}).error().message;
  };
  auto header = mcuboot::to_bytes({.image_size = 100, .header_size = 32});
  EXPECT_NE(refused(noise(100)).find("no version"), std::string::npos);
  EXPECT_NE(refused(header).find("past the end"), std::string::npos);
  header = mcuboot::to_bytes({.image_size = 0, .flags = 4, .header_size = 32});
  Bytes records;
  mcuboot::put_record(records, mcuboot::kEncryptedX25519, Bytes(80));
  put(header, mcuboot::area_of(mcuboot::kTlvMagic, records));
  EXPECT_NE(refused(header).find("encrypted"), std::string::npos);
  header = mcuboot::to_bytes({.image_size = 0, .flags = 12, .header_size = 32});
  EXPECT_NE(refused(header).find("at once"), std::string::npos);
  header = mcuboot::to_bytes({.image_size = 0, .header_size = 31});
  EXPECT_NE(refused(header).find("ih_hdr_size"), std::string::npos);
}

}  // namespace
}  // namespace hf::keys
