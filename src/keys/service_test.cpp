// The register over both engines, with a real signer process on a SoftHSM token.
#include "keys/service.h"

#include <gtest/gtest.h>
#include <array>
#include <fstream>
#include <set>

#include "keys/keys_test.h"
#include "support/temp_dir.h"
#include "support/test_database.h"

namespace hf::keys {
namespace {

using namespace test;
using namespace std::chrono_literals;

const Bytes kEvidence = evidence_of(R"({"version":"1.2","security_version":3})");

class KeysTest : public hf::test::DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    auto config = crypto::set_up_soft_token(dir_.path(), {});
    ASSERT_TRUE(config) << config.error().message << config.error().detail;
    signer_ = std::make_unique<Signer>(SignerConfig{.token = *config,
                                                    .directory = dir_.path() / "token" / "signer",
                                                    .program = HF_SIGNER_HOST,
                                                    .arguments = {}},
                                       clock_);
    service_ = std::make_unique<Service>(*database_, clock_, *signer_, &find_text_format);
    auto charter = cast_.charter();
    charter.versions.clear();
    const auto key = service_->create_key({charter, crypto::KeyAlgorithm::ecdsa_p256}, actor_);
    ASSERT_TRUE(key) << key.error().message << key.error().detail;
    key_ = *key;
  }

  [[nodiscard]] NewRequest wanted() const {
    return {.key = "px-fw",
            .product = "px",
            .format = "text",
            .evidence = kEvidence,
            .artifact = {"fw.bin", 3, std::string(64, '0')},
            .requester = "token:9",
            .person = "user:9",
            .reason = "release 1.2"};
  }
  [[nodiscard]] StoredRequest asked() {
    auto request = service_->ask(wanted(), actor_);
    EXPECT_TRUE(request) << request.error().message;
    return request ? *request : StoredRequest{};
  }
  std::string decide(const Person& person, const StoredRequest& request, Decision decision = Decision::approve) {
    const auto done =
        service_->decide(request.digest, approval_by(person, request.request, decision, clock_.now()), actor_);
    return done ? "ok" : std::string(done.error().code);
  }
  std::string sign(const StoredRequest& request) {
    const auto made = service_->sign(request.digest, actor_);
    if (!made) return made.error().code == "HF-SIGNER-0006" ? made.error().detail : std::string(made.error().code);
    return crypto::Verifier(made->context.key).verify(made->context.scheme, kEvidence, made->signature) ? "ok" : "bad";
  }

  hf::test::TempDir dir_;
  SystemClock clock_;
  const ledger::Actor actor_{"user:9", "release_engineer"};
  Cast cast_;
  std::unique_ptr<Signer> signer_;
  std::unique_ptr<Service> service_;
  StoredKey key_;
};

TEST_P(KeysTest, ASignatureIsAskedForApprovedMadeAndTraced) {
  const auto request = asked();
  EXPECT_EQ(sign(request), "approvals");
  EXPECT_EQ(decide(cast_.ann, request), "ok");
  EXPECT_EQ(decide(cast_.ann, request), "HF-KEYS-0013");
  EXPECT_EQ(decide(cast_.bob, request), "ok");
  EXPECT_TRUE(service_->lacking(*service_->request(request.digest.substr(0, 12)))->empty());
  const auto made = service_->sign(request.digest, actor_);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(sign(request), "used");
  ASSERT_TRUE(service_->record_file(made->id, std::string(64, 'e'), actor_));
  const auto list = service_->signatures("px-fw", std::numeric_limits<std::int64_t>::max(), 10);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().signature, to_hex(made->signature));
  EXPECT_EQ(list->front().signed_files, std::vector{std::string(64, 'e')});
  EXPECT_EQ(service_->key("px-fw")->signatures, 1);
  EXPECT_EQ(service_->requests("px-fw", std::numeric_limits<std::int64_t>::max(), 10)->size(), 1U);
}

TEST_P(KeysTest, APolicyIsToldBeforeAnyoneIsAsked) {
  auto other = wanted();
  other.format = "other";
  EXPECT_EQ(service_->ask(other, actor_).error().code, "HF-SIGNER-0008");
  other = wanted();
  other.evidence = evidence_of(R"({"digest_only":true})");
  EXPECT_EQ(service_->ask(other, actor_).error().detail, "policy.digest_only");
  other = wanted();
  other.key = "nobody";
  EXPECT_EQ(service_->ask(other, actor_).error().code, "HF-KEYS-0011");
  other = wanted();
  other.reason = "turns \xE2\x80\xAE round";
  EXPECT_EQ(service_->ask(other, actor_).error().code, "HF-KEYS-0002");
}

// A rejection that a server wrote down, without a signer, reaches the signer with whatever is signed next.
TEST_P(KeysTest, ARejectionReachesTheSigner) {
  const auto rejected = asked(), other = asked();
  Register server(*database_, clock_, &find_text_format);
  ASSERT_TRUE(
      server.decide(rejected.digest, approval_by(cast_.dan, rejected.request, Decision::reject, clock_.now()), actor_));
  EXPECT_EQ(decide(cast_.ann, rejected), "HF-KEYS-0019");
  EXPECT_EQ(sign(other), "approvals");
  static const db::Query kForget{"test.forget_approvals", "DELETE FROM signing_approval"};
  ASSERT_TRUE(database_->write([&](db::Writer& writer) -> Result<void> {
    HF_CHECK(writer.execute(kForget));
    return {};
  }));
  EXPECT_EQ(decide(cast_.ann, rejected), "ok");
  EXPECT_EQ(decide(cast_.bob, rejected), "ok");
  EXPECT_EQ(sign(rejected), "rejected") << "the signer remembers what the database has forgotten";
}

TEST_P(KeysTest, ARejectionThatTheSignerDoesNotBelieveStopsNoOtherSignature) {
  const auto rejected = asked(), other = asked();
  const Person stranger{"user:3", {"officer"}};
  const auto forged = approval_by(stranger, rejected.request, Decision::reject, clock_.now());
  ASSERT_TRUE(ledger::write(*database_, clock_, actor_, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry, transaction.append("signing.rejected", {"request:" + rejected.digest}, {}));
    return insert_approval(transaction, entry, rejected.id, forged);
  }));
  EXPECT_EQ(decide(cast_.ann, other), "ok");
  EXPECT_EQ(decide(cast_.bob, other), "ok");
  EXPECT_EQ(sign(other), "ok");
}

TEST_P(KeysTest, AStrangersDecisionIsRefused) {
  const auto request = asked();
  const Person stranger{"user:1", {"officer"}};
  EXPECT_EQ(decide(stranger, request), "HF-KEYS-0015");
  auto own = wanted();
  own.person = "user:1";
  const auto by_ann = service_->ask(own, actor_);
  ASSERT_TRUE(by_ann);
  EXPECT_EQ(decide(cast_.ann, *by_ann), "HF-KEYS-0015");
}

TEST_P(KeysTest, AGrantSignsWithoutAskingUntilItIsUsedUp) {
  const auto grant = service_->ask(
      NewGrant{.key = "px-fw",
               .grant = {.signatures = 2, .products = {"px"}, .formats = {"text"}, .requesters = {"token:9"}},
               .requester = "user:9",
               .person = "user:9",
               .reason = "nightly builds",
               .valid = 24h * 7},
      actor_);
  ASSERT_TRUE(grant) << grant.error().message;
  EXPECT_EQ(service_->sign_under(grant->digest, wanted(), actor_).error().detail, "approvals");
  EXPECT_EQ(decide(cast_.ann, *grant), "ok");
  EXPECT_EQ(decide(cast_.cid, *grant), "ok");
  EXPECT_TRUE(service_->sign_under(grant->digest, wanted(), actor_));
  auto other = wanted();
  other.product = "py";
  EXPECT_EQ(service_->sign_under(grant->digest, other, actor_).error().detail, "grant.products");
  EXPECT_TRUE(service_->sign_under(grant->digest, wanted(), actor_));
  EXPECT_EQ(service_->sign_under(grant->digest, wanted(), actor_).error().detail, "used");
}

TEST_P(KeysTest, ACharterChangesByItsOwnRule) {
  auto next = key_.charter;
  next.policy.min_security_version = 4;
  const auto change = service_->ask(next, "user:9", "user:9", "floor", actor_);
  ASSERT_TRUE(change) << change.error().message;
  EXPECT_EQ(service_->put_in_force(change->digest, actor_).error().detail, "approvals");
  EXPECT_EQ(decide(cast_.ann, *change), "ok");
  EXPECT_EQ(decide(cast_.bob, *change), "ok");
  const auto changed = service_->put_in_force(change->digest, actor_);
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(changed->charter.sequence, 2);
  EXPECT_EQ(service_->put_in_force(change->digest, actor_).error().code, "HF-KEYS-0010");
  EXPECT_EQ(service_->ask(wanted(), actor_).error().detail, "policy.min_security_version");
}

TEST_P(KeysTest, Abuse26And27DiscoveryTellsWhatTheRegisterAndTheTokenDoNotShare) {
  EXPECT_TRUE(service_->discover()->empty());
  ASSERT_TRUE(signer_->generate(crypto::KeyAlgorithm::ecdsa_p256, "somebodys"));
  const auto found = service_->discover();
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().kind, "unknown");
  EXPECT_EQ(found->front().key, "somebodys");
}

TEST_P(KeysTest, AnInterruptedCreationIsTakenUpAgain) {
  ASSERT_TRUE(signer_->generate(crypto::KeyAlgorithm::ecdsa_p256, "py-fw-1"));
  auto charter = cast_.charter();
  charter.key = "py-fw";
  const auto key = service_->create_key({charter, crypto::KeyAlgorithm::ecdsa_p256}, actor_);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(service_->create_key({charter, crypto::KeyAlgorithm::ecdsa_p256}, actor_).error().code, "HF-KEYS-0010");
  EXPECT_TRUE(service_->discover()->empty());
}

// "Shows that it is done" 4: everything in the database may be written by an attacker.
TEST_P(KeysTest, TheDatabaseAloneGivesNoSignature) {
  // Approvers of the attacker's own in the charter's row.
  const auto request = asked();
  const Person mallory{"user:1", {"officer"}}, eve{"user:2", {"officer"}};
  auto forged = key_.charter;
  forged.approvers = {Cast::approver(mallory), Cast::approver(eve), Cast::approver(cast_.cid)};
  auto theirs = request.request;
  theirs.charter = digest_of(forged);
  SignOrder order{.request = theirs,
                  .approvals = {approval_by(mallory, theirs, Decision::approve, clock_.now()),
                                approval_by(eve, theirs, Decision::approve, clock_.now())},
                  .evidence = kEvidence};
  EXPECT_EQ(signer_->sign(order).error().detail, "charter,approvals");
  // A request that was used, its signature's row deleted.
  EXPECT_EQ(decide(cast_.ann, request), "ok");
  EXPECT_EQ(decide(cast_.bob, request), "ok");
  EXPECT_EQ(sign(request), "ok");
  const auto before = service_->request(request.digest);
  static const db::Query kForget{"test.forget_signatures", "DELETE FROM signature"};
  ASSERT_TRUE(database_->write([&](db::Writer& writer) -> Result<void> {
    HF_CHECK(writer.execute(kForget));
    return {};
  }));
  EXPECT_EQ(service_->request(request.digest)->used, 0);
  EXPECT_EQ(sign(request), "used") << "the signer's journal remembers";
}

HF_BOTH_ENGINES(KeysTest);

TEST_P(KeysTest, FreezingStopsAtOnceAndItsTimeMovesEarlierOnly) {
  const auto request = service_->ask(wanted(), actor_);
  ASSERT_TRUE(request) << request.error().message;
  for (const auto* person : {&cast_.ann, &cast_.bob})
    ASSERT_TRUE(service_->decide(request->digest,
                                 approval_by(*person, request->request, Decision::approve, clock_.now()), actor_));
  const auto day = [&, now = clock_.now()](int before) { return now - 24h * before; };
  const NewIncident told{.key = "px-fw", .effective_at = day(2), .reason = "build server taken over"};
  EXPECT_EQ(service_->freeze({.key = "px-fw", .effective_at = day(-1), .reason = "x"}, actor_).error().code,
            "HF-KEYS-0025");
  EXPECT_EQ(service_->freeze({.key = "none", .reason = "x"}, actor_).error().code, "HF-KEYS-0011");
  ASSERT_TRUE(service_->freeze(told, actor_));
  EXPECT_EQ(service_->sign(request->digest, actor_).error().detail, "frozen");
  EXPECT_EQ(service_->freeze({.key = "px-fw", .effective_at = day(1), .reason = "x"}, actor_).error().code,
            "HF-KEYS-0025")
      << "Abuse case 34's rule: what was suspect stays suspect";
  EXPECT_EQ(service_->freeze({.key = "px-fw", .effective_at = day(3), .reason = "earlier"}, actor_)->effective_at,
            day(3));
  const auto sight = service_->key_sight("px-fw");
  ASSERT_TRUE(sight && sight->incident);
  EXPECT_EQ(sight->incident->effective_at, day(3));
  EXPECT_EQ(sight->incident->reason, "earlier");
}

// Abuse case 41: what was signed against what is known to have been signed.
TEST_P(KeysTest, Abuse41WhatTheLedgerDoesNotTellOfIsFound) {
  const auto kinds = [&](std::span<const std::filesystem::path> files = {}) {
    std::set<std::string> told;
    const auto found = service_->reconcile(files);
    EXPECT_TRUE(found) << found.error().message;
    for (const auto& one : *found) told.insert(one.kind);
    return told;
  };
  using Kinds = std::set<std::string>;
  auto wish = wanted();
  wish.uses = 3;
  const auto request = service_->ask(wish, actor_);
  ASSERT_TRUE(request);
  EXPECT_EQ(decide(cast_.ann, *request), "ok");
  EXPECT_EQ(decide(cast_.bob, *request), "ok");
  EXPECT_EQ(sign(*request), "ok");
  EXPECT_EQ(kinds(), Kinds{});
  // The signer is asked, and the register hears nothing of it.
  const SignOrder order{
      .request = request->request, .approvals = service_->request(request->digest)->approvals, .evidence = kEvidence};
  ASSERT_TRUE(signer_->sign(order));
  EXPECT_EQ(kinds(), Kinds{"unrecorded"});
  // A file that nobody signed, and one whose signature is of the register.
  const auto write = [&](const std::string& name, std::string_view text) {
    std::ofstream(dir_.path() / name) << text;
    return dir_.path() / name;
  };
  const std::array files{write("signed", "signed"), write("foreign", "foreign")};
  const auto made =
      database_->read([&](const db::Reader& reader) { return Store(reader).signatures(key_.id, INT64_MAX, 1); });
  ASSERT_TRUE(made && made->size() == 1);
  ASSERT_TRUE(service_->record_file(made->front().id, to_hex(crypto::sha256({bytes_of("signed")})), actor_));
  EXPECT_EQ(kinds(std::span(files).first(1)), Kinds{"unrecorded"});
  EXPECT_EQ(kinds(files), (Kinds{"unknown_file", "unrecorded"}));
  // Rows say more than the journal: it was set back. And one r in two signatures.
  ASSERT_TRUE(database_->write([&](db::Writer& writer) {
    std::string sql;
    for (const auto* last : {"0", "1"})
      sql += "INSERT INTO signature SELECT signature_id + 1000000" + std::string(last) +
             ", entry_id, request_id, key_version_id, product, format, scheme, artifact_name, artifact_sha256, "
             "evidence_sha256, SUBSTR(signature, 1, LENGTH(signature) - 1) || '" +
             last +
             "', requester, journal_line + 1000, journal_hash, signed_at FROM signature WHERE signature_id < 1000000;";
    return writer.script(sql);
  }));
  EXPECT_EQ(kinds(), (Kinds{"journal_behind", "repeated_nonce"}));
}

}  // namespace
}  // namespace hf::keys
