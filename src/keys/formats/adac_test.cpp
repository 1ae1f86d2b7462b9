#include "keys/formats/adac.h"

#include "keys/formats/formats.h"
#include "keys/formats/formats_fixture.h"

namespace hf::keys {
namespace {
using namespace fixture;

const std::string kPeer = "/usr/bin/python3 -B " + std::string(HF_TEST_DATA) + "/../interop/formats/debug_access.py ";
bool has_peer() { return run("/usr/bin/python3 -c 'import cryptography'").exit == 0; }

const Format& certificates() { return *find_format("adac-certificate"); }
const Format& tokens() { return *find_format("adac-token"); }

const Bytes kDevice(16, 0x5a), kAny(16), kAll(16, 0xff);
Bytes low_bits(std::uint8_t bits) {
  Bytes mask(16);
  mask[0] = bits;
  return mask;
}

class Adac : public testing::TestWithParam<KeyAlgorithm> {
 protected:
  [[nodiscard]] SigningContext context(const TestKey& key) const {
    return context_of(key, crypto::default_scheme_of(GetParam()));
  }
  // A chain file with one certificate more. The code of the refusal; empty: none.
  std::string issue(const TestKey& issuer, const fs::path& above, const adac::NewCertificate& wanted,
                    const fs::path& out) {
    Bytes chain;
    if (!above.empty()) {
      const auto bytes = adac::chain_bytes(read_file(above));
      EXPECT_TRUE(bytes);
      if (bytes) chain = *bytes;
    }
    const auto request = adac::certificate_request(chain, wanted);
    if (!request) return std::string(request.error().code);
    write_file(dir_.path() / "request", *request);
    const auto done = sign(certificates(), dir_.path() / "request", issuer, context(issuer), out);
    return done ? std::string() : std::string(done.error().code);
  }
  [[nodiscard]] adac::NewCertificate wanted(adac::Role role, const TestKey& key) const {
    return {.role = role, .soc_id = kAny, .permissions = kAll, .key = key.key()};
  }
  // root, intermediate, leaf for one device in the secured state.
  void make_chain() {
    ASSERT_EQ(issue(root_, {}, wanted(adac::Role::root, root_), path("root")), "");
    ASSERT_EQ(issue(root_, path("root"), wanted(adac::Role::intermediate, middle_), path("middle")), "");
    auto leaf = wanted(adac::Role::leaf, leaf_);
    leaf.soc_id = kDevice, leaf.permissions = low_bits(0x0f), leaf.lifecycle = 0x3000;
    ASSERT_EQ(issue(middle_, path("middle"), leaf, path("leaf")), "");
  }
  [[nodiscard]] fs::path path(const std::string& name) const { return dir_.path() / name; }
  [[nodiscard]] static adac::NewToken token() {
    return {.soc_class = 0x42,
            .soc_id = kDevice,
            .lifecycle = 0x3000,
            .permissions = low_bits(0x03),
            .challenge = noise(32, 9)};
  }
  Result<Bytes> token_request(const std::string& chain, const adac::NewToken& wanted) {
    return adac::token_request(*adac::chain_bytes(read_file(path(chain))), wanted);
  }
  // Of a token request: the code of the refusal; empty: none.
  std::string judged(const Bytes& request) {
    write_file(path("request"), request);
    const auto evidence = tokens().evidence(path("request"), {});
    return evidence ? std::string() : std::string(evidence.error().code);
  }

  TempDir dir_;
  TestKey root_{GetParam()}, middle_{GetParam()}, leaf_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Systems, Adac, testing::Values(KeyAlgorithm::ecdsa_p256, KeyAlgorithm::ed25519));

TEST_P(Adac, AChainIsIssuedDownToALeafAndReadByAnother) {
  make_chain();
  const Trust trust{.keys = {root_.key()}, .certificates = {}};
  const auto view = certificates().verify({path("leaf"), {}}, trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->kind, "debug_certificate");
  EXPECT_EQ(view->facts.at("role").as_string(), "leaf");
  EXPECT_EQ(view->facts.at("device").as_string(), to_hex(kDevice));
  EXPECT_EQ(view->facts.at("permissions").as_string(), to_hex(low_bits(0x0f)));
  EXPECT_EQ(view->facts.at("lifecycle").as_string(), "0x3000");
  EXPECT_FALSE(view->digest_only || view->claimed);
  EXPECT_EQ(certificates().verify({path("middle"), {}}, trust)->facts.at("device").as_string(), "");
  EXPECT_EQ(*recognize_format(path("leaf")), &certificates());
  EXPECT_EQ(certificates().verify({path("leaf"), {}}, {.keys = {middle_.key()}, .certificates = {}}).error().code,
            "HF-FORMAT-0001")
      << "a device knows the root alone";
  const auto size = fs::file_size(path("leaf"));
  EXPECT_EQ(uncovered(certificates(), {path("leaf"), {}}, trust, path("leaf"), 7).size(), size % 7 == 1 ? 1U : 0U)
      << "the line end";

  if (!has_peer()) GTEST_SKIP() << "needs python3-cryptography";
  write_file(path("root.pem"), to_pem(root_.key()));
  const auto read = run(kPeer + "adac-chain " + path("leaf").string() + " " + path("root.pem").string());
  ASSERT_EQ(read.exit, 0) << read.output;
  const auto said = parse_json(trim(read.output))->as_object();
  EXPECT_EQ(said.at("effective").as_string(), to_hex(low_bits(0x0f)));
  EXPECT_EQ(said.at("certificates").as_array().at(2).as_object().at("lifecycle").as_int64(), 0x3000);
  EXPECT_EQ(said.at("certificates").as_array().at(2).as_object().at("soc_id").as_string(), to_hex(kDevice));
}

TEST_P(Adac, AChainOfAnotherImplementationIsRead) {
  if (!has_peer()) GTEST_SKIP() << "needs python3-cryptography";
  const auto made =
      run(kPeer + "adac-make " + dir_.path().string() + (GetParam() == KeyAlgorithm::ed25519 ? " Ed25519" : " P256"));
  ASSERT_EQ(made.exit, 0) << made.output;
  const auto root = crypto::public_key_of_pem(text_of(read_file(path("root.pem"))));
  ASSERT_TRUE(root);
  const Trust trust{.keys = {*root}, .certificates = {}};
  const auto view = certificates().verify({path("chain"), {}}, trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->facts.at("device").as_string(), text_of(read_file(path("soc_id"))));
  EXPECT_EQ(view->facts.at("certificates").as_int64(), 3);
  EXPECT_EQ(view->compatible, std::vector<std::string>{"soc-class:0x00000042"});
  EXPECT_TRUE(uncovered(certificates(), {path("chain"), {}}, trust, path("chain"), 7).empty());
}

TEST_P(Adac, ATokenAnswersTheChallengeOfOneDevice) {
  make_chain();
  const auto request = token_request("leaf", token());
  ASSERT_TRUE(request) << request.error().message;
  write_file(path("session"), *request);
  const auto done = sign(tokens(), path("session"), leaf_, context(leaf_), path("session.adac"));
  ASSERT_TRUE(done) << done.error().message;
  const Trust trust{.keys = {root_.key()}, .certificates = {}};
  const SignedFile file{path("session"), path("session.adac")};
  const auto view = tokens().verify(file, trust);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->kind, "debug_token");
  EXPECT_EQ(view->facts.at("device").as_string(), to_hex(kDevice));
  EXPECT_EQ(view->facts.at("permissions").as_string(), to_hex(low_bits(0x03)));
  EXPECT_EQ(view->facts.at("lifecycle").as_string(), "0x3000");
  EXPECT_EQ(view->facts.at("challenge_sha256").as_string(), to_hex(crypto::sha256({token().challenge})));
  EXPECT_EQ(*recognize_format(path("session")), &tokens());
  EXPECT_TRUE(uncovered(tokens(), file, trust, path("session.adac"), 7).empty());
  EXPECT_EQ(sign(tokens(), path("session"), middle_, context(middle_), path("other")).error().code, "HF-FORMAT-0008");

  if (!has_peer()) GTEST_SKIP() << "needs python3-cryptography";
  write_file(path("root.pem"), to_pem(root_.key()));
  write_file(path("challenge"), token().challenge);
  const auto answer = kPeer + "adac-answer " + path("session.adac").string() + " " + path("root.pem").string() + " ";
  const auto read = run(answer + path("challenge").string());
  ASSERT_EQ(read.exit, 0) << read.output;
  EXPECT_EQ(parse_json(trim(read.output))->as_object().at("permissions").as_string(), to_hex(low_bits(0x03)));
  write_file(path("challenge"), noise(32, 10));
  EXPECT_NE(run(answer + path("challenge").string()).exit, 0) << "for another challenge it is nothing";
}

TEST_P(Adac, EvidenceIsJudged) {
  make_chain();
  write_file(path("session"), *token_request("leaf", token()));
  expect_evidence_is_judged(tokens(), *tokens().evidence(path("session"), {}), context(leaf_));
  const auto request = adac::certificate_request({}, wanted(adac::Role::root, root_));
  write_file(path("request"), *request);
  expect_evidence_is_judged(certificates(), *certificates().evidence(path("request"), {}), context(root_));
}

// Abuse case 38: what a chain and a token may not be, whatever a charter says.
TEST_P(Adac, Abuse38_ALeafIssuesNothingAndAnIntermediateSignsNoToken) {
  make_chain();
  for (const auto role : {adac::Role::intermediate, adac::Role::leaf})
    EXPECT_EQ(issue(leaf_, path("leaf"), wanted(role, middle_), path("x")), "HF-FORMAT-0004");
  EXPECT_EQ(issue(middle_, path("middle"), wanted(adac::Role::root, leaf_), path("x")), "HF-FORMAT-0004");
  EXPECT_EQ(issue(root_, {}, wanted(adac::Role::leaf, root_), path("x")), "HF-FORMAT-0004") << "no root above it";
  EXPECT_EQ(issue(leaf_, path("middle"), wanted(adac::Role::leaf, leaf_), path("x")), "HF-FORMAT-0008")
      << "by a key that is not the issuer's";
  auto free = token();
  free.lifecycle = 0;
  EXPECT_EQ(judged(*token_request("middle", free)), "HF-FORMAT-0004") << "an intermediate as leaf";
  EXPECT_EQ(judged(*token_request("root", free)), "");
}

TEST_P(Adac, Abuse38_ATokenForAnotherDeviceOrLifecycleStateIsNone) {
  make_chain();
  EXPECT_EQ(judged(*token_request("leaf", token())), "");
  auto other = token();
  other.soc_id = Bytes(16, 0x5b);
  EXPECT_EQ(judged(*token_request("leaf", other)), "HF-FORMAT-0004");
  other = token();
  other.lifecycle = 0x5000;
  EXPECT_EQ(judged(*token_request("leaf", other)), "HF-FORMAT-0004");
  other = token();
  other.challenge = Bytes(32);
  EXPECT_EQ(judged(*token_request("leaf", other)), "HF-FORMAT-0004") << "no challenge";
  auto leaf = wanted(adac::Role::leaf, leaf_);
  leaf.soc_id = kDevice;
  ASSERT_EQ(issue(middle_, path("middle"), leaf, path("a")), "");
  auto below = wanted(adac::Role::intermediate, middle_);
  below.soc_id = Bytes(16, 1);
  ASSERT_EQ(issue(root_, path("root"), below, path("one")), "");
  EXPECT_EQ(issue(middle_, path("one"), leaf, path("x")), "HF-FORMAT-0004") << "another device than above";
}

TEST_P(Adac, Abuse38_AChainOfSeventeenIsOverTheLimit) {
  ASSERT_EQ(issue(root_, {}, wanted(adac::Role::root, root_), path("0")), "");
  const auto* signer = &root_;
  for (int i = 1; i <= 15; ++i) {
    const auto role = adac::Role::intermediate;
    ASSERT_EQ(issue(*signer, path(std::to_string(i - 1)), wanted(role, middle_), path(std::to_string(i))), "") << i;
    signer = &middle_;
  }
  EXPECT_TRUE(certificates().verify({path("15"), {}}, {.keys = {root_.key()}, .certificates = {}})) << "sixteen";
  EXPECT_EQ(issue(middle_, path("15"), wanted(adac::Role::leaf, leaf_), path("x")), "HF-FORMAT-0005");
}

// A certificate of `count` extensions whose hash is right, signed by its own key.
Bytes root_with_extensions(const TestKey& key, const Bytes& extensions) {
  const auto request =
      adac::certificate_request({}, {.role = adac::Role::root, .soc_id = kAny, .permissions = kAll, .key = key.key()});
  const auto tlvs = read_tlvs(*request, 1);
  Bytes value((*tlvs)[0].value.begin(), (*tlvs)[0].value.end());
  const auto& system = *adac::cryptosystem_of(key.key().algorithm);
  Bytes size;
  put_le32(size, std::uint32_t(extensions.size()));
  std::ranges::copy(size, value.begin() + 12);
  if (!extensions.empty())
    std::ranges::copy(crypto::digest_of(system.digest, extensions),
                      value.begin() + std::ptrdiff_t(52 + system.key_size));
  const auto signed_size = value.size() - system.signature_size;
  const auto signature = key.sign(system.scheme, ByteView(value).first(signed_size));
  value.resize(signed_size);
  put(value, signature);
  put(value, extensions);
  return value;
}

TEST_P(Adac, Abuse38_SeventeenExtensionsAndLengthsThatOverflowAreRefused) {
  const auto judged_certificate = [&](const Bytes& value) {
    const auto read = adac::certificate_of(value);
    return read ? std::string() : std::string(read.error().code);
  };
  for (const int count : {1, 16, 17}) {
    Bytes extensions;
    for (int i = 0; i < count; ++i) put_tlv(extensions, TlvType(0x8000), Bytes{1, 2, 3});
    EXPECT_EQ(judged_certificate(root_with_extensions(root_, extensions)), count > 16 ? "HF-FORMAT-0005" : "");
  }
  for (const std::uint32_t length : {0xffffffffU, 0xfffffffdU, 0xfffffff8U, 0x80000000U, 9U, 5U}) {
    Bytes tlv;
    put_le16(tlv, 0), put_le16(tlv, 0x8000), put_le32(tlv, length);
    put(tlv, Bytes{1, 2, 3, 4});
    EXPECT_EQ(judged_certificate(root_with_extensions(root_, tlv)), "HF-FORMAT-0004") << length;
    EXPECT_EQ(read_tlvs(tlv, 16).error().code, "HF-FORMAT-0004") << length;
  }
  auto value = root_with_extensions(root_, {});
  ASSERT_EQ(judged_certificate(value), "");
  for (const int byte : {0xff, 0xfd, 1}) {  // extensions_bytes
    auto other = value;
    std::fill(other.begin() + 12, other.begin() + 16, std::uint8_t(byte));
    EXPECT_EQ(judged_certificate(other), "HF-FORMAT-0004");
  }
  for (std::size_t size = 0; size < value.size(); ++size)
    EXPECT_NE(judged_certificate({value.begin(), value.begin() + std::ptrdiff_t(size)}), "") << size;
  value.push_back(0);
  EXPECT_EQ(judged_certificate(value), "HF-FORMAT-0004") << "something behind it";
}

}  // namespace
}  // namespace hf::keys
