#include "keys/formats/esp_sdc.h"

#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;

const std::string kPeer = "/usr/bin/python3 -B " + std::string(HF_TEST_DATA) + "/../interop/formats/debug_access.py ";
const Format& format() { return *find_format("esp-sdc"); }
const std::string kMac = "30:ed:a0:ed:78:9c";
const Bytes kMacBytes{0x30, 0xed, 0xa0, 0xed, 0x78, 0x9c};

class EspSdc : public testing::Test {
 protected:
  void SetUp() override {
    if (run("/usr/bin/python3 -c 'import cryptography'").exit != 0) GTEST_SKIP() << "needs python3-cryptography";
  }
  Bytes chip_info(int session) {
    const auto made = run(kPeer + "sdc-make " + dir_.path().string() + " " + kMac + " " + std::to_string(session));
    EXPECT_EQ(made.exit, 0) << made.output;
    return read_file(path("chip_info.bin"));
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return dir_.path() / name; }
  [[nodiscard]] SigningContext context() const { return context_of(key_, SignatureScheme::ecdsa_p256_sha256); }

  TempDir dir_;
  TestKey key_{KeyAlgorithm::ecdsa_p256};
};

TEST_F(EspSdc, TheCertificateIsReadByAnother) {
  for (const int session : {0, 1, 3, 7}) {
    const auto request = sdc::certificate_request({.configuration = sdc::kJtag | sdc::kForceSpiBoot,
                                                   .chip_info = chip_info(session),
                                                   .mac = kMacBytes,
                                                   .session = std::uint8_t(session)});
    ASSERT_TRUE(request) << request.error().message;
    write_file(path("session"), *request);
    const auto done = sign(format(), path("session"), key_, context(), path("session.sdc"));
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(fs::file_size(path("session.sdc")), 468U);
    const SignedFile file{path("session"), path("session.sdc")};
    const Trust trust{.keys = {key_.key()}, .certificates = {}};
    const auto view = format().verify(file, trust);
    ASSERT_TRUE(view) << view.error().message;
    EXPECT_EQ(view->kind, "debug_token");
    EXPECT_EQ(view->facts.at("device").as_string(), kMac);
    EXPECT_EQ(view->facts.at("permissions").as_string(), "00000005");
    EXPECT_EQ(view->facts.at("challenge_sha256").as_string(),
              to_hex(crypto::sha256({ByteView(read_file(path("chip_info.bin"))).last(32)})));
    EXPECT_EQ(*recognize_format(path("session")), &format());
    EXPECT_TRUE(uncovered(format(), file, trust, path("session.sdc"), 17).empty());
    write_file(path("key.pem"), to_pem(key_.key()));
    const auto read = run(kPeer + "sdc-check " + path("session.sdc").string() + " " + path("key.pem").string() + " " +
                          kMac + " " + std::to_string(session));
    ASSERT_EQ(read.exit, 0) << read.output;
    EXPECT_EQ(read.output, "{\"configuration\": 5, \"rest_is_zero\": true}\n");
  }
}

TEST_F(EspSdc, Abuse38_ChipInfoOfAnotherDeviceOrSessionIsRefused) {
  const auto info = chip_info(1);
  const auto judged = [](const sdc::NewCertificate& wanted) {
    const auto request = sdc::certificate_request(wanted);
    return request ? std::string() : std::string(request.error().code);
  };
  EXPECT_EQ(judged({sdc::kJtag, info, kMacBytes, 1}), "");
  EXPECT_EQ(judged({sdc::kJtag, info, kMacBytes, 3}), "HF-FORMAT-0004") << "another session";
  EXPECT_EQ(judged({sdc::kJtag, info, kMacBytes, 2}), "HF-FORMAT-0004") << "a counter that fuses cannot have";
  EXPECT_EQ(judged({sdc::kJtag, info, {0x30, 0xed, 0xa0, 0xed, 0x78, 0x9d}, 1}), "HF-FORMAT-0004") << "another MAC";
  EXPECT_EQ(judged({8, info, kMacBytes, 1}), "HF-FORMAT-0004") << "a bit that is not known";
  auto other = info;
  other[40] ^= 1;
  EXPECT_EQ(judged({sdc::kJtag, other, kMacBytes, 1}), "HF-FORMAT-0004") << "another nonce";
}

TEST_F(EspSdc, EvidenceIsJudged) {
  write_file(path("session"), *sdc::certificate_request({sdc::kJtag, chip_info(0), kMacBytes, 0}));
  expect_evidence_is_judged(format(), *format().evidence(path("session"), {}), context());
}

}  // namespace
}  // namespace hf::keys
