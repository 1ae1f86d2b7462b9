// A register with a CA whose key is on a token, for the tests of what it issues: people, a charter, a grant. Its root
// is of a software key and outside of the register.
#pragma once

#include "keys/formats/formats.h"
#include "keys/keys_test.h"
#include "pki/issuing.h"
#include "pki/pki_test.h"
#include "support/test_database.h"

namespace hf::pki::fixture {

using namespace std::chrono_literals;

class RegistryTest : public hf::test::DatabaseTest {
 protected:
  void SetUp() override {
    hf::test::DatabaseTest::SetUp();
    if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    auto config = crypto::set_up_soft_token(dir_.path(), {});
    ASSERT_TRUE(config) << config.error().message << config.error().detail;
    signer_ = std::make_unique<keys::Signer>(keys::SignerConfig{.token = *config,
                                                                .directory = dir_.path() / "token" / "signer",
                                                                .program = HF_SIGNER_HOST,
                                                                .arguments = {}},
                                             clock_);
    service_ = std::make_unique<keys::Service>(*database_, clock_, *signer_, &keys::find_format);
    issuer_ = std::make_unique<Issuer>(registry_, *service_, *database_, clock_);
    const auto form = Template::of_root(*find_profile("root-ca"), SignatureScheme::ecdsa_p256_sha256).value();
    root_ = issued(form, root_key_, request(root_key_, "CN=Example Root CA,O=Example"), clock_.now() - 24h);
    make_key("devices");
  }

  // A key on the token under a charter of the cast's officers.
  keys::StoredKey make_key(const std::string& name, std::vector<std::string> formats = {"x509"}) {
    auto charter = cast_.charter();
    charter.key = name;
    charter.key_class = keys::KeyClass::device_ca;
    charter.versions.clear();
    charter.policy.formats = std::move(formats);
    charter.grants = {.signatures = 10'000, .days = 30};
    auto key = service_->create_key({charter, KeyAlgorithm::ecdsa_p256}, actor_);
    EXPECT_TRUE(key) << key.error().message << key.error().detail;
    return *std::move(key);
  }

  crypto::PublicKey public_key_of(std::string_view name) {
    const auto found = database_->read([&](const db::Reader& reader) -> Result<std::string> {
      const keys::Store store(reader);
      HF_TRY(const auto key, store.key(name));
      HF_TRY(const auto version, store.version(key->id, 1));
      return version->spki;
    });
    return crypto::public_key_of_spki(from_hex(found.value()).value()).value();
  }

  // Signed by nobody, as `pki prepare --key` makes it.
  static Request request_of_key(std::string_view subject, const crypto::PublicKey& key) {
    const auto name = name_of_text(subject).value();
    const auto info =
        der::value(der::kSequence, std::initializer_list<ByteView>{der::integer(0), name, crypto::to_spki(key)});
    return x509::request_of(
               x509::signed_of(info, crypto::algorithm_identifier_of(SignatureScheme::ecdsa_p256_sha256), {}))
        .value();
  }

  Bytes ca_certificate(std::string_view key = "devices", std::optional<Time> until = {}) {
    const auto form = Template::of(*find_profile("issuing-ca"), root_, SignatureScheme::ecdsa_p256_sha256).value();
    const auto tbs = form.certificate(request_of_key("CN=Example Device CA,O=Example", public_key_of(key)),
                                      {.from = clock_.now() - 12h, .until = until});
    EXPECT_TRUE(tbs) << tbs.error().message;
    return sign(root_key_, *tbs);
  }

  [[nodiscard]] NewAuthority wanted_ca(std::int64_t shards = 1) {
    NewAuthority wanted{.name = "devices",
                        .certificate = ca_certificate(),
                        .key = "devices",
                        .profiles = {},
                        .publication = {.ocsp = {"http://ocsp.example.com/ocsp/devices"}},
                        .shards = shards};
    if (shards > 1) wanted.publication.crls = {"http://crl.example.com/devices/{shard}.crl"};
    for (const auto* name : {"idevid", "operational-client", "ocsp-responder"})
      wanted.profiles.push_back(profile_document_named(name).value());
    return wanted;
  }

  // The authority in the register, and the digest of a grant for it that both officers approved.
  std::string open_ca(std::int64_t shards = 1) {
    const auto added = registry_.add(wanted_ca(shards), actor_);
    EXPECT_TRUE(added) << added.error().message << added.error().detail;
    return grant_of("devices");
  }
  std::string grant_of(std::string_view key, std::vector<std::string> formats = {"x509"},
                       std::int64_t signatures = 1'000, const std::string& requester = "user:9") {
    const auto grant = service_->ask(keys::NewGrant{.key = std::string(key),
                                                    .grant = {.signatures = signatures,
                                                              .products = {"px"},
                                                              .formats = std::move(formats),
                                                              .requesters = {requester}},
                                                    .requester = actor_.name,
                                                    .person = actor_.name,
                                                    .reason = "batch",
                                                    .valid = 24h * 7},
                                     actor_);
    EXPECT_TRUE(grant) << grant.error().message;
    for (const auto* person : {&cast_.ann, &cast_.bob}) approve(*person, *grant);
    return grant->digest;
  }
  void approve(const keys::test::Person& person, const keys::StoredRequest& stored) {
    const auto done = service_->decide(
        stored.digest, keys::test::approval_by(person, stored.request, keys::Decision::approve, clock_.now()), actor_);
    EXPECT_TRUE(done) << done.error().message;
  }

  std::vector<Result<StoredCertificate>> issue(const std::string& grant, std::vector<Order> orders,
                                               std::string_view profile = "idevid") {
    auto answers = issuer_->issue(
        {.authority = "devices", .profile = std::string(profile), .grant = grant, .product = ""}, orders, actor_);
    EXPECT_TRUE(answers) << answers.error().message;
    return answers ? *std::move(answers) : std::vector<Result<StoredCertificate>>{};
  }
  StoredCertificate one(const std::string& grant, std::string_view subject, const TestKey& key,
                        std::string_view profile = "idevid") {
    std::vector<Order> orders;
    orders.push_back({request(key, subject)});
    auto answers = issue(grant, std::move(orders), profile);
    EXPECT_TRUE(answers.size() == 1 && answers[0]) << (answers.empty() ? "" : answers[0].error().message);
    return answers.empty() || !answers[0] ? StoredCertificate{} : *std::move(answers[0]);
  }
  StoredCertificate one(const std::string& grant, std::string_view subject) {
    return one(grant, subject, TestKey(KeyAlgorithm::ecdsa_p256));
  }
  // The code of what a batch as a whole is refused with.
  std::string refusal(const std::string& grant, std::string_view profile = "idevid") {
    std::vector<Order> orders;
    orders.push_back({request(TestKey(KeyAlgorithm::ecdsa_p256), "serialNumber=R1")});
    const auto answers = issuer_->issue(
        {.authority = "devices", .profile = std::string(profile), .grant = grant, .product = ""}, orders, actor_);
    return answers ? "" : std::string(answers.error().code);
  }

  hf::test::TempDir dir_;
  SystemClock clock_;  // that of the signer's process
  const ledger::Actor actor_{"user:9", "crypto_officer"};
  keys::test::Cast cast_;
  TestKey root_key_{KeyAlgorithm::ecdsa_p256};
  Certificate root_;
  std::unique_ptr<keys::Signer> signer_;
  std::unique_ptr<keys::Service> service_;
  Registry registry_{*database_, clock_};
  std::unique_ptr<Issuer> issuer_;
};

}  // namespace hf::pki::fixture
