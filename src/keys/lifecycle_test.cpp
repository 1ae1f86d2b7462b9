// Rotation and ratification over both engines, with a real signer process on a SoftHSM token.
#include <gtest/gtest.h>

#include "keys/keys_test.h"
#include "keys/register_json.h"
#include "keys/rotation.h"
#include "keys/service.h"
#include "support/temp_dir.h"
#include "support/test_database.h"

namespace hf::keys {
namespace {

using namespace test;
using namespace std::chrono_literals;

class KeyLifecycleTest : public hf::test::DatabaseTest {
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
    charter.break_glass = ApprovalStep{"one officer", {"officer"}, 1};
    const auto key = service_->create_key({charter, crypto::KeyAlgorithm::ecdsa_p256}, actor_);
    ASSERT_TRUE(key) << key.error().message << key.error().detail;
  }

  [[nodiscard]] StoredRequest asked(bool break_glass = false) {
    auto request = service_->ask(NewRequest{.key = "px-fw",
                                            .product = "px",
                                            .format = "text",
                                            .evidence = kEvidence,
                                            .artifact = {"fw.bin", 3, std::string(64, '0')},
                                            .requester = "token:9",
                                            .person = "user:9",
                                            .reason = "release 1.2",
                                            .break_glass = break_glass},
                                 actor_);
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
    return to_hex(crypto::sha256({crypto::to_spki(made->context.key)}));
  }
  std::string change_to(const Charter& next) {
    const auto request = service_->ask(next, "user:9", "user:9", "rotation", actor_);
    if (!request) return std::string(request.error().code);
    EXPECT_EQ(decide(cast_.ann, *request), "ok");
    EXPECT_EQ(decide(cast_.bob, *request), "ok");
    const auto done = service_->put_in_force(request->digest, actor_);
    return done ? "ok" : done.error().message;
  }
  [[nodiscard]] Charter charter() { return service_->key("px-fw")->charter; }
  [[nodiscard]] std::vector<JudgedRequest> open_glass(Time at) {
    return database_->read([&](const db::Reader& reader) { return unratified(reader, 10, at); }).value();
  }

  const Bytes kEvidence = evidence_of(R"({"version":"1.2"})");
  hf::test::TempDir dir_;
  SystemClock clock_;
  const ledger::Actor actor_{"user:9", "release_engineer"};
  Cast cast_;
  std::unique_ptr<Signer> signer_;
  std::unique_ptr<Service> service_;
};

TEST_P(KeyLifecycleTest, AVersionIsPreparedActivatedAndTheOldOneRetired) {
  const auto first = to_hex(charter().versions[0].fingerprint);
  const auto made = prepare_version(*database_, clock_, *signer_, "px-fw", {}, actor_);
  ASSERT_TRUE(made) << made.error().message << made.error().detail;
  EXPECT_EQ(made->version, 2);
  EXPECT_EQ(made->state, VersionState::pre_active);
  EXPECT_EQ(made->algorithm, crypto::KeyAlgorithm::ecdsa_p256) << "as the one that signs";
  EXPECT_EQ(prepare_version(*database_, clock_, *signer_, "px-fw", {}, actor_).error().code, "HF-KEYS-0033");
  EXPECT_EQ(prepare_version(*database_, clock_, *signer_, "nobody", {}, actor_).error().code, "HF-KEYS-0011");
  const auto key = service_->key("px-fw");
  const auto prepared = database_->read([&](const db::Reader& reader) { return prepared_version(reader, *key); });
  ASSERT_TRUE(prepared && *prepared);
  EXPECT_EQ(**prepared, *made) << "as the register has it";
  // The custody of the new pair was read back.
  const auto sight = service_->key_sight("px-fw");
  ASSERT_EQ(sight->versions.size(), 2U);
  EXPECT_NE(sight->versions[1].custody.find(R"("extractable":false)"), std::string::npos);

  const auto in_flight = asked();
  EXPECT_EQ(decide(cast_.ann, in_flight), "ok");
  EXPECT_EQ(decide(cast_.bob, in_flight), "ok");
  EXPECT_EQ(with_retired(charter(), 1).error().code, "HF-KEYS-0034") << "it signs";
  ASSERT_EQ(change_to(with_active(charter(), *made)), "ok");
  EXPECT_EQ(charter().versions[0].state, VersionState::verify_only);
  EXPECT_EQ(charter().versions[1].state, VersionState::active);
  EXPECT_EQ(sign(in_flight), "charter,version");
  const auto next = asked();
  EXPECT_EQ(next.request.key_version, 2);
  EXPECT_EQ(decide(cast_.ann, next), "ok");
  EXPECT_EQ(decide(cast_.bob, next), "ok");
  EXPECT_EQ(sign(next), to_hex(made->fingerprint));
  EXPECT_NE(to_hex(made->fingerprint), first);

  ASSERT_EQ(change_to(with_retired(charter(), 1).value()), "ok");
  EXPECT_EQ(charter().versions[0].state, VersionState::retired);
  EXPECT_EQ(with_retired(charter(), 7).error().code, "HF-KEYS-0011");
}

TEST_P(KeyLifecycleTest, ACharterNamesNoVersionThatWasNotMadeForItsKey) {
  auto next = charter();
  next.versions[0].state = VersionState::verify_only;
  auto stranger = next.versions[0];
  stranger.version = 2, stranger.fingerprint[0] ^= 1, stranger.state = VersionState::active;
  next.versions.push_back(stranger);
  EXPECT_EQ(change_to(next), "HF-KEYS-0035");
}

TEST_P(KeyLifecycleTest, APairThatAnInterruptionLeftIsTakenUpAgain) {
  const auto left = signer_->generate(crypto::KeyAlgorithm::ecdsa_p256, "px-fw-2");
  ASSERT_TRUE(left);
  const auto made = prepare_version(*database_, clock_, *signer_, "px-fw", {}, actor_);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->fingerprint, left->pin.fingerprint);
}

TEST_P(KeyLifecycleTest, GlassThatWasBrokenIsOpenUntilTheFullProfileHasMetIt) {
  const auto request = asked(true);
  EXPECT_EQ(decide(cast_.ann, request), "ok");
  EXPECT_TRUE(open_glass(clock_.now()).empty());
  EXPECT_EQ(sign(request).size(), 64U);
  const auto open = open_glass(clock_.now());
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].ratification, Ratification::open);
  EXPECT_EQ(rules_of(open[0].judgement.lacks), "approvals");
  EXPECT_EQ(open[0].stored.glass->due_at, open[0].stored.glass->signed_at + 24h);
  EXPECT_EQ(open_glass(open[0].stored.glass->due_at)[0].ratification, Ratification::overdue);
  EXPECT_EQ(line_of(open[0]).at("ratification").at("due_at"), Json(format_rfc3339(open[0].stored.glass->due_at)));
  // Another officer: and the signer hears of it before it breaks glass again.
  EXPECT_EQ(decide(cast_.dan, request), "ok") << "a release manager may speak, and is no officer";
  EXPECT_EQ(open_glass(clock_.now()).size(), 1U);
  EXPECT_EQ(decide(cast_.bob, request), "ok");
  EXPECT_TRUE(open_glass(clock_.now()).empty());
  EXPECT_EQ(service_->sight(request.digest)->judged.ratification, Ratification::ratified);
  EXPECT_EQ(decide(cast_.cid, request), "HF-KEYS-0019");
  EXPECT_EQ(signer_->broken_glass("px-fw")->size(), 1U) << "nobody has told it yet";
  ASSERT_TRUE(service_->hand_over_ratifications("px-fw", actor_));
  EXPECT_TRUE(signer_->broken_glass("px-fw")->empty());
}

TEST_P(KeyLifecycleTest, GlassThatNobodyHadToBreakIsMetAtOnce) {
  const auto request = asked(true);
  EXPECT_EQ(decide(cast_.ann, request), "ok");
  EXPECT_EQ(decide(cast_.bob, request), "ok");
  EXPECT_EQ(sign(request).size(), 64U);
  EXPECT_TRUE(open_glass(clock_.now()).empty());
  EXPECT_TRUE(signer_->broken_glass("px-fw")->empty());
}

// Whoever writes the database cannot make the signer forget.
TEST_P(KeyLifecycleTest, TheSignerKnowsBrokenGlassWithoutTheDatabase) {
  const auto request = asked(true);
  EXPECT_EQ(decide(cast_.ann, request), "ok");
  EXPECT_EQ(sign(request).size(), 64U);
  static const db::Query kForget{"test.forget_glass", "DELETE FROM broken_glass"};
  ASSERT_TRUE(database_->write([&](db::Writer& writer) -> Result<void> {
    HF_CHECK(writer.execute(kForget));
    return {};
  }));
  EXPECT_TRUE(open_glass(clock_.now()).empty());
  EXPECT_EQ(signer_->broken_glass("px-fw")->size(), 1U);
  EXPECT_EQ(signer_->ratify(request.request, {}).error().detail, "approvals");
}

TEST_P(KeyLifecycleTest, ARejectionAfterwardsReachesTheSigner) {
  const auto request = asked(true);
  EXPECT_EQ(decide(cast_.ann, request), "ok");
  EXPECT_EQ(sign(request).size(), 64U);
  EXPECT_EQ(decide(cast_.dan, request, Decision::reject), "ok");
  EXPECT_EQ(open_glass(clock_.now())[0].ratification, Ratification::rejected);
  EXPECT_EQ(decide(cast_.bob, request), "HF-KEYS-0019");
  const auto again = asked(true);
  EXPECT_EQ(decide(cast_.bob, again), "ok");
  EXPECT_EQ(sign(again), "ratification");
}

HF_BOTH_ENGINES(KeyLifecycleTest);

}  // namespace
}  // namespace hf::keys
