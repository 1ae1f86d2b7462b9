// Ceremonies on a real SoftHSM token: a root is made, signs for requests, and what is not as it must be is not signed.
#include "ceremony/run.h"

#include <fstream>

#include "ceremony/ceremony_test.h"
#include "ceremony/response.h"
#include "crypto/verification.h"
#include "keys/formats/formats_fixture.h"

namespace hf::ceremony {
namespace {
using namespace fixture;
namespace fs = std::filesystem;
namespace x509 = crypto::x509;

class RunTest : public testing::Test {
 protected:
  void SetUp() override {
    if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    auto made = Machine::init(dir_.path() / "machine", {.manufacturer = {cast_.approver.key()}});
    ASSERT_TRUE(made) << made.error().message << made.error().detail;
    machine_.emplace(*std::move(made));
    fs::create_directories(dir_.path() / "medium");
  }

  void open(const CeremonyScript& script) {
    run_.reset();
    auto opened = ceremony::Run::open(*machine_, bytes_of(cast_.sign(script)), clock_);
    ASSERT_TRUE(opened) << opened.error().message << opened.error().detail;
    run_ = *std::move(opened);
  }
  [[nodiscard]] static Input by(std::string actor, std::vector<std::string> witnesses) {
    return {.actor = std::move(actor), .witnesses = std::move(witnesses)};
  }
  [[nodiscard]] static Input three() { return by("dan", {"eva", "fay"}); }
  [[nodiscard]] std::string perform(Input input) {
    const auto done = run_->perform(input);
    return done ? "ok" : std::string(done.error().code) + " " + done.error().message;
  }
  void confirm() {
    while (run_->transcript().pending()) {
      const auto person = run_->transcript().pending()->awaited().front();
      const auto said = run_->statement(person, keys::Decision::approve).value();
      const auto done = run_->confirm(cast_.confirmation(person, person, said.request, said.at));
      ASSERT_TRUE(done) << done.error().message;
    }
  }
  void act(const Input& input) {
    ASSERT_EQ(perform(input), "ok");
    confirm();
  }

  static CeremonyStep step(std::string id, StepKind kind) {
    return {.id = std::move(id),
            .kind = kind,
            .actor = "administrator",
            .witnesses = {"custodian", "witness"},
            .text = "do it"};
  }
  [[nodiscard]] CeremonyScript root_script() const {
    auto script = cast_.script();
    auto key = step("key", StepKind::generate_key), root = step("root", StepKind::self_sign_root);
    key.key = root.key = "root", key.algorithm = KeyAlgorithm::ecdsa_p256;
    root.profile = "root-ca", root.profile_sha256 = pki::profile_digest("root-ca").value();
    root.subject = "CN=Root,O=Example", root.out = "root.pem";
    script.steps = {key, root};
    return script;
  }
  // A root on the token; its certificate.
  Bytes made_root() {
    open(root_script());
    act(three()), act(three());
    EXPECT_TRUE(run_->transcript().complete());
    return root_of_step(run_->transcript(), "root").value();
  }
  [[nodiscard]] CeremonyScript signing_script(ByteView root, const std::string& request) const {
    auto script = cast_.script();
    auto sign = step("sign", StepKind::sign_request);
    sign.key = "root", sign.profile = "issuing-ca", sign.profile_sha256 = pki::profile_digest("issuing-ca").value();
    sign.ca_sha256 = to_hex(crypto::sha256({root})), sign.request_sha256 = request, sign.out = "ca.pem";
    if (request.empty()) sign.request_sha256.reset();
    auto out = step("export", StepKind::export_files);
    out.of = {"sign"};
    script.steps = {sign, out};
    return script;
  }
  [[nodiscard]] keys::CaRequest request_for(ByteView root, std::string profile = "issuing-ca",
                                            std::string subject = "CN=Device CA,O=Example") const {
    return {.id = std::string(32, 'a'),
            .ca_sha256 = to_hex(crypto::sha256({root})),
            .reason = "2026",
            .requested_at = kNow,
            .wish = keys::CertificateWish{.csr = pki::fixture::request_der(device_, subject),
                                          .profile = profile,
                                          .profile_sha256 = pki::profile_digest(profile).value()}};
  }
  std::string put(const std::string& name, std::string_view text) const {
    const auto path = (dir_.path() / name).string();
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static std::string digest(const keys::CaRequest& request) {
    return to_hex(crypto::sha256({bytes_of(keys::canonical(request))}));
  }
  [[nodiscard]] std::string written() const {
    std::ifstream file(run_->folder() / "transcript", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Input with_file(std::string path) const {
    auto input = three();
    input.file = std::move(path);
    return input;
  }

  hf::test::TempDir dir_;
  ManualClock clock_{kNow};
  fixture::Cast cast_;
  TestKey device_{KeyAlgorithm::ecdsa_p256};
  std::optional<Machine> machine_;
  std::unique_ptr<ceremony::Run> run_;
};

TEST_F(RunTest, ARootIsMadeAndSignsForARequestThatIsAcceptedByItsAnswer) {
  const auto root = made_root();
  const auto certificate = x509::certificate_of(root).value();
  EXPECT_EQ(certificate.subject.text(), "CN=Root,O=Example");
  std::ifstream pem(run_->folder() / "root.pem", std::ios::binary);
  EXPECT_EQ(crypto::pem_blocks(std::string{std::istreambuf_iterator<char>(pem), {}}, "CERTIFICATE").value(),
            std::vector<Bytes>(1, root));

  const auto request = request_for(root);
  open(signing_script(root, digest(request)));
  const auto envelope = envelope_of(device_, keys::kCaRequestType, keys::canonical(request));
  act(with_file(put("request", envelope)));
  act(with_file((dir_.path() / "medium").string()));
  ASSERT_TRUE(run_->transcript().complete());
  const auto read = read_transcript(written());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->transcript.complete());

  std::ifstream file(dir_.path() / "medium/ca.pem.response.json", std::ios::binary);
  const std::string response{std::istreambuf_iterator<char>(file), {}};
  const auto answer = read_response(bytes_of(response), std::span(&cast_.approver.key(), 1));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->request_sha256, digest(request));
  EXPECT_EQ(answer->ca, root);
  EXPECT_EQ(x509::certificate_of(answer->certificate).value().subject.text(), "CN=Device CA,O=Example");
  EXPECT_EQ(read_response(bytes_of(response), std::span(&device_.key(), 1)).error().code, "HF-CEREMONY-0005");
  const auto hint =
      response.rfind("keyid");  // of the script's envelope, which nothing authenticates (DSSE, protocol.md)
  for (std::size_t i = 0; i < response.size(); i += 29) {
    if (i > hint && i < hint + 80) continue;
    auto flipped = response;
    flipped[i] = char(flipped[i] ^ 1);
    EXPECT_FALSE(read_response(bytes_of(flipped), std::span(&cast_.approver.key(), 1))) << i;
  }
}

TEST_F(RunTest, WhatTheRequestMustNotBeIsNotSigned) {
  const auto root = made_root();
  const auto trying = [&](const CeremonyScript& script, const TestKey& signer, const keys::CaRequest& request) {
    open(script);
    return perform(with_file(put("request", envelope_of(signer, keys::kCaRequestType, keys::canonical(request)))));
  };
  const auto says = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
  const auto good = request_for(root);
  const TestKey stranger(KeyAlgorithm::ecdsa_p256);

  // Another request than the script's.
  EXPECT_TRUE(says(trying(signing_script(root, std::string(64, 'f')), device_, good), "HF-CEREMONY-0010"));
  // One that nobody named beforehand, and that the machine's people did not sign.
  EXPECT_TRUE(says(trying(signing_script(root, ""), device_, good), "no key that this machine trusts"));
  // For another CA.
  auto other_ca = good;
  other_ca.ca_sha256 = std::string(64, 'e');
  EXPECT_TRUE(says(trying(signing_script(root, digest(other_ca)), device_, other_ca), "for another CA"));
  // A profile that the script does not have.
  const auto profile = request_for(root, "root-ca");
  EXPECT_TRUE(says(trying(signing_script(root, digest(profile)), device_, profile), "wants the profile 'root-ca'"));
  // A subject that the profile refuses: linted before the token is asked.
  const auto nameless = request_for(root, "issuing-ca", "CN=Device CA");
  EXPECT_TRUE(says(trying(signing_script(root, digest(nameless)), device_, nameless), "HF-PKI-0005"));
  EXPECT_EQ(written().find("\"what\":\"begin\""), std::string::npos) << "the token was not asked";
  // A CRL where a certificate is wanted.
  auto crl = good;
  crl.wish = keys::CrlWish{.number = 1, .hours = 24};
  EXPECT_TRUE(says(trying(signing_script(root, digest(crl)), device_, crl), "the request is for a CRL"));
  // Nothing proves possession: a PKCS #10 request without its signature, in a stranger's envelope.
  auto unproven = good;
  auto csr = x509::request_of(std::get<keys::CertificateWish>(good.wish).csr).value();
  std::get<keys::CertificateWish>(unproven.wish).csr = x509::signed_of(csr.info, csr.signature_algorithm, {});
  EXPECT_TRUE(says(trying(signing_script(root, digest(unproven)), stranger, unproven), "nothing proves"));
  EXPECT_FALSE(read_transcript(written()).value().transcript.attempts().empty()) << "it is remembered";
}

TEST_F(RunTest, ARootsCrlIsAsTheRequestHasIt) {
  const auto root = made_root();
  auto script = cast_.script();
  auto sign = step("crl", StepKind::sign_crl);
  sign.key = "root", sign.ca_sha256 = to_hex(crypto::sha256({root})), sign.out = "root.crl";
  script.steps = {sign};
  const keys::CaRequest request{
      .id = std::string(32, 'a'),
      .ca_sha256 = *sign.ca_sha256,
      .reason = "",
      .requested_at = kNow,
      .wish = keys::CrlWish{.number = 300, .hours = 24 * 90, .revoked = {{"01ff", kNow - 24h, 1}}}};
  open(script);
  // By the key that the machine trusts, so the script need not name it.
  act(with_file(put("request", envelope_of(cast_.approver, keys::kCaRequestType, keys::canonical(request)))));
  ASSERT_TRUE(run_->transcript().complete());
  const auto crl = x509::crl_of(keys::fixture::read_file(run_->folder() / "root.crl"));
  ASSERT_TRUE(crl);
  ASSERT_EQ(crl->revoked.size(), 1U);
  EXPECT_EQ(to_hex(crl->revoked[0].serial), "01ff");
  EXPECT_EQ(to_hex(*crl->number), "012c");
}

TEST_F(RunTest, GoesOnWhereItStoppedAndTakesNoOtherSignature) {
  open(root_script());
  ASSERT_EQ(perform(three()), "ok");
  const auto said = run_->statement("dan", keys::Decision::approve).value();
  EXPECT_EQ(run_->confirm(cast_.confirmation("dan", "fay", said.request, said.at)).error().code, "HF-CEREMONY-0011");
  EXPECT_EQ(run_->confirm(cast_.confirmation("eva", "eva", std::string(64, '0'), said.at)).error().code,
            "HF-CEREMONY-0011");
  EXPECT_EQ(run_->confirm(cast_.confirmation("dan", "dan", said.request, said.at - 1s)).error().code,
            "HF-CEREMONY-0011");
  EXPECT_EQ(perform(three()).substr(0, 16), "HF-CEREMONY-0008");
  ASSERT_TRUE(run_->confirm(cast_.confirmation("dan", "dan", said.request, said.at)));
  const auto fingerprint = run_->transcript().pending()->actual;
  open(root_script());  // as after a kill
  ASSERT_TRUE(run_->transcript().pending());
  EXPECT_EQ(run_->transcript().pending()->actual, fingerprint);
  EXPECT_EQ(run_->transcript().pending()->awaited(), (std::vector<std::string>{"eva", "fay"}));
  confirm();
  EXPECT_EQ(perform(by("eva", {"dan", "fay"})).substr(0, 16), "HF-CEREMONY-0009");
  clock_.set(kNow - 24h);  // a clock that was set back does not take the transcript's time back
  act(three());
  EXPECT_TRUE(read_transcript(written()).value().transcript.complete());
  EXPECT_EQ(perform(three()).substr(0, 16), "HF-CEREMONY-0008");
}

TEST_F(RunTest, AKeyThatAKillLeftBehindIsNeverTaken) {
  open(root_script());
  // What a kill leaves between the token and the transcript: a use that was begun.
  run_.reset();
  const auto path = dir_.path() / "machine/ceremonies" / keys::digest_of(root_script()).substr(0, 16) / "transcript";
  {
    auto journal = keys::Journal::open(path, [](auto, const auto&) {}).value();
    ASSERT_TRUE(journal->append(
        kNow, {{"what", "begin"}, {"step", "key"}, {"actor", "dan"}, {"witnesses", JsonArray{"eva", "fay"}}}));
  }
  open(root_script());
  EXPECT_EQ(run_->transcript().open_begins(), 1);
  act(three()), act(three());
  const auto read = read_transcript(written()).value();
  EXPECT_TRUE(read.transcript.complete());
  EXPECT_EQ(read.transcript.interrupted(), 1);
}

TEST_F(RunTest, TakesNoScriptThatNobodyApprovedAndNoneOutsideOfItsWindow) {
  const TestKey stranger(KeyAlgorithm::ecdsa_p256);
  auto script = root_script();
  const auto forged = envelope_of(stranger, keys::kCeremonyScriptType, keys::canonical(script));
  EXPECT_EQ(ceremony::Run::open(*machine_, bytes_of(forged), clock_).error().code, "HF-CEREMONY-0005");
  script.not_after = kNow;
  EXPECT_EQ(ceremony::Run::open(*machine_, bytes_of(cast_.sign(script)), clock_).error().code, "HF-CEREMONY-0006");
  EXPECT_EQ(Machine::init(dir_.path() / "machine", {.manufacturer = {cast_.approver.key()}}).error().code,
            "HF-CEREMONY-0003");
  EXPECT_EQ(Machine::open(dir_.path() / "nothing").error().code, "HF-CEREMONY-0004");
}

TEST(Template, FillsItsPlacesAndNothingElse) {
  const fixture::Cast cast;
  JsonArray people;
  for (const auto& one : cast.people)
    people.push_back(JsonObject{{"person", one.person},
                                {"name", one.name},
                                {"roles", keys::list_of(one.roles)},
                                {"kind", "key"},
                                {"public_key", crypto::to_pem(one.key)}});
  for (const auto& [name, text] : embedded_scripts()) {
    const auto source = template_named(name).value();
    Filling filling{.people = people};
    for (const auto& place : places_of(source)) filling.values[place] = place.ends_with("sha256") ? kTool : "x";
    if (filling.values.contains("environment")) filling.values["environment"] = "test";
    if (filling.values.contains("algorithm")) filling.values["algorithm"] = "ecdsa-p384";
    const auto script = fill(source, filling);
    ASSERT_TRUE(script) << name << ": " << script.error().message;
    EXPECT_EQ(keys::ceremony_script_of(bytes_of(keys::canonical(*script))).value(), *script);
    filling.values["nowhere"] = "x";
    EXPECT_EQ(fill(source, filling).error().code, "HF-CEREMONY-0019");
    EXPECT_EQ(fill(source, {}).error().code, "HF-CEREMONY-0019");
  }
  EXPECT_EQ(template_named("none").error().code, "HF-CEREMONY-0020");
}

}  // namespace
}  // namespace hf::ceremony
