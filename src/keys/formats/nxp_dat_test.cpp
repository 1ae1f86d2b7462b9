#include "keys/formats/nxp_dat.h"

#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;

const std::string kPeer = "/usr/bin/python3 -B " + std::string(HF_TEST_DATA) + "/../interop/formats/debug_access.py ";
const Format& format() { return *find_format("nxp-dat"); }

struct Case {
  std::string version;
  KeyAlgorithm algorithm;
  SignatureScheme scheme;
  std::size_t size;  // of the response, with so many root keys as the peer puts into its credential
};

class NxpDat : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (run("/usr/bin/python3 -c 'import cryptography'").exit != 0) GTEST_SKIP() << "needs python3-cryptography";
    write_file(path("dck.pem"), to_pem(key_.key()));
    const auto made =
        run(kPeer + "nxp-make " + dir_.path().string() + " " + GetParam().version + " " + path("dck.pem").string());
    ASSERT_EQ(made.exit, 0) << made.output;
    dac_ = read_file(path("dac.bin")), dc_ = read_file(path("dc.bin"));
    trust_.keys = {*crypto::public_key_of_pem(text_of(read_file(path("root.pem"))))};
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return dir_.path() / name; }
  [[nodiscard]] SigningContext context() const { return context_of(key_, GetParam().scheme); }
  [[nodiscard]] static std::string judged(const Bytes& dac, const Bytes& dc) {
    const auto request = nxp::response_request(dac, dc, 0);
    return request ? std::string() : std::string(request.error().code);
  }

  TempDir dir_;
  TestKey key_{GetParam().algorithm};
  Bytes dac_, dc_;
  Trust trust_;
};
INSTANTIATE_TEST_SUITE_P(
    Versions, NxpDat,
    testing::Values(Case{"1.0", KeyAlgorithm::rsa_2048, SignatureScheme::rsa_pkcs1_sha256, 1200},
                    Case{"2.0", KeyAlgorithm::ecdsa_p256, SignatureScheme::ecdsa_p256_sha256, 316 + 2 * 32},
                    Case{"2.1", KeyAlgorithm::ecdsa_p384, SignatureScheme::ecdsa_p384_sha384, 444 + 2 * 48}));

TEST_P(NxpDat, TheResponseIsReadByAnother) {
  const auto request = nxp::response_request(dac_, dc_, 0x01020304);
  ASSERT_TRUE(request) << request.error().message;
  write_file(path("session"), *request);
  const auto done = sign(format(), path("session"), key_, context(), path("session.dar"));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(fs::file_size(path("session.dar")), GetParam().size);
  const SignedFile file{path("session"), path("session.dar")};
  const auto view = format().verify(file, trust_);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->kind, "debug_token");
  EXPECT_EQ(view->facts.at("device").as_string(), to_hex(ByteView(dac_).subspan(8, 16)));
  EXPECT_EQ(view->facts.at("permissions").as_string(), "000003ff");
  EXPECT_EQ(view->facts.at("lifecycle").as_string(), "unknown");
  EXPECT_EQ(view->facts.at("challenge_sha256").as_string(), to_hex(crypto::sha256({ByteView(dac_).last(32)})));
  EXPECT_EQ(view->compatible, std::vector<std::string>{"soc-class:0x00000007"});
  EXPECT_EQ(*recognize_format(path("session")), &format());
  EXPECT_TRUE(uncovered(format(), file, trust_, path("session.dar"), 7).empty());
  EXPECT_EQ(format().verify(file, {.keys = {key_.key()}, .certificates = {}}).error().code, "HF-FORMAT-0001");
  const auto read = run(kPeer + "nxp-check " + path("session.dar").string() + " " + path("dac.bin").string() + " " +
                        path("dck.pem").string());
  ASSERT_EQ(read.exit, 0) << read.output;
  EXPECT_EQ(parse_json(trim(read.output))->as_object().at("beacon").as_int64(), 0x01020304);
}

TEST_P(NxpDat, Abuse38_ACredentialForAnotherDeviceOrClassIsRefused) {
  EXPECT_EQ(judged(dac_, dc_), "");
  auto other = dac_;
  other[8] ^= 1;
  EXPECT_EQ(judged(other, dc_), "HF-FORMAT-0004") << "another UUID";
  other = dac_;
  other[4] ^= 1;
  EXPECT_EQ(judged(other, dc_), "HF-FORMAT-0004") << "another SoC class";
  other = dac_;
  std::fill(other.end() - 32, other.end(), std::uint8_t{0});
  EXPECT_EQ(judged(other, dc_), "HF-FORMAT-0004") << "no challenge";
  other = dc_;
  other.back() ^= 1;
  EXPECT_EQ(judged(dac_, other), "HF-FORMAT-0001") << "a credential that no root key signed";
  for (std::size_t size = 0; size < dac_.size(); ++size) {
    const bool another = size == 104 && size < dac_.size();  // of 2.1 that is a challenge too, with a hash of 32 bytes
    EXPECT_EQ(judged({dac_.begin(), dac_.begin() + std::ptrdiff_t(size)}, dc_), another ? "" : "HF-FORMAT-0004")
        << size;
  }
  for (std::size_t size = 0; size < dc_.size(); ++size)
    EXPECT_EQ(judged(dac_, {dc_.begin(), dc_.begin() + std::ptrdiff_t(size)}), "HF-FORMAT-0004") << size;
  other = dc_;
  other.push_back(0);
  EXPECT_EQ(judged(dac_, other), "HF-FORMAT-0004");
  const TestKey stranger(GetParam().algorithm);
  write_file(path("session"), *nxp::response_request(dac_, dc_, 0));
  EXPECT_EQ(sign(format(), path("session"), stranger, context_of(stranger, GetParam().scheme), path("x")).error().code,
            "HF-FORMAT-0008");
}

TEST_P(NxpDat, EvidenceIsJudged) {
  write_file(path("session"), *nxp::response_request(dac_, dc_, 5));
  expect_evidence_is_judged(format(), *format().evidence(path("session"), {}), context());
}

}  // namespace
}  // namespace hf::keys
