// What happens to a key that is used while it changes: rotation, and glass that was broken. Against a real SoftHSM
// token.
#include <gtest/gtest.h>
#include <atomic>
#include <fstream>
#include <thread>

#include "keys/keys_test.h"
#include "keys/signer/custodian.h"
#include "support/temp_dir.h"

namespace hf::keys {
namespace {

using namespace test;
using namespace std::chrono_literals;

class LifecycleTest : public testing::Test {
 protected:
  void SetUp() override {
    if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    auto config = crypto::set_up_soft_token(dir_.path(), {});
    ASSERT_TRUE(config) << config.error().message << config.error().detail;
    config_ = *config;
    open();
    charter_.versions = {version(1, VersionState::active)};
    charter_.break_glass = ApprovalStep{"one officer", {"officer"}, 1};
    charter_.break_glass_hours = 24;
    const auto founded = custodian_->found(charter_);
    ASSERT_TRUE(founded) << founded.error().message;
  }

  void open() {
    custodian_.reset();
    auto token = crypto::open_token(config_);
    ASSERT_TRUE(token) << token.error().message;
    auto custodian = Custodian::open(*std::move(token), dir_.path() / "token" / "signer", clock_, &find_text_format);
    ASSERT_TRUE(custodian) << custodian.error().message << custodian.error().detail;
    custodian_ = *std::move(custodian);
  }
  // Made on the token.
  KeyVersion version(int number, VersionState state, std::string_view key = "px-fw") {
    const auto made =
        custodian_->generate(crypto::KeyAlgorithm::ecdsa_p256, std::string(key) + "-" + std::to_string(number));
    EXPECT_TRUE(made) << made.error().message << made.error().detail;
    public_keys_.push_back(made->public_key);
    return {number, crypto::KeyAlgorithm::ecdsa_p256, made->pin.id, made->pin.fingerprint, state};
  }
  [[nodiscard]] SigningRequest change_to(const Charter& next) const {
    return {.kind = RequestKind::charter,
            .id = std::string(32, 'c'),
            .key = charter_.key,
            .key_version = 1,
            .charter = digest_of(charter_),
            .requester = "user:9",
            .person = "user:9",
            .reason = "rotation",
            .created_at = clock_.now(),
            .expires_at = clock_.now() + 72h,
            .next_charter = digest_of(next)};
  }
  std::string put_in_force(Charter next) {
    next.sequence = charter_.sequence + 1;
    next.previous = digest_of(charter_);
    const auto request = change_to(next);
    const auto done =
        custodian_->succeed(next, request,
                            std::vector{approval_by(cast_.ann, request, Decision::approve, clock_.now()),
                                        approval_by(cast_.bob, request, Decision::approve, clock_.now())});
    if (!done) return done.error().code == "HF-SIGNER-0006" ? done.error().detail : std::string(done.error().code);
    charter_ = next;
    return "ok";
  }
  [[nodiscard]] SignOrder order(int number, int version) {
    auto request = request_for(charter_, kEvidence, clock_.now());
    const auto digits = std::to_string(number);
    request.id = std::string(32 - digits.size(), '0') + digits;
    request.key_version = version;
    return {.request = request,
            .approvals = {approval_by(cast_.ann, request, Decision::approve, clock_.now()),
                          approval_by(cast_.bob, request, Decision::approve, clock_.now())},
            .evidence = kEvidence};
  }
  [[nodiscard]] SignOrder broken(int number) {
    auto one = order(number, 1);
    one.request.break_glass = true;
    one.approvals = {approval_by(cast_.ann, one.request, Decision::approve, clock_.now())};
    return one;
  }
  // "1" or "2": signed, and by which version; else what is lacking.
  [[nodiscard]] std::string outcome(const SignOrder& order) {
    const auto made = custodian_->sign(order);
    if (!made) return made.error().code == "HF-SIGNER-0006" ? made.error().detail : std::string(made.error().code);
    for (std::size_t i = 0; i < public_keys_.size(); ++i)
      if (crypto::Verifier(public_keys_[i]).verify(order.request.scheme, order.evidence, made->signature))
        return std::to_string(i + 1);
    return "bad";
  }
  [[nodiscard]] std::map<std::string, int> begun_by_request() {
    std::map<std::string, int> begun;
    std::ifstream file(dir_.path() / "token" / "signer" / "journal");
    for (std::string line; std::getline(file, line);) {
      const auto json = parse_json(line);
      if (json && text_at(json->get_object(), "what") == "begin")
        ++begun[std::string(text_at(json->get_object(), "request")) + "/" +
                std::to_string(number_at(json->get_object(), "version"))];
    }
    return begun;
  }

  const Bytes kEvidence = evidence_of(R"({"version":"1.2"})");
  hf::test::TempDir dir_;
  crypto::TokenConfig config_;
  ManualClock clock_{kNow};
  Cast cast_;
  Charter charter_ = cast_.charter();
  std::vector<crypto::PublicKey> public_keys_;
  std::unique_ptr<Custodian> custodian_;
};

TEST_F(LifecycleTest, AVersionSignsFromTheCharterThatNamesItActive) {
  auto next = charter_;
  next.versions[0].state = VersionState::verify_only;
  next.versions.push_back(version(2, VersionState::active));
  EXPECT_EQ(outcome(order(1, 2)), "version") << "prepared, and no charter names it";
  const auto old = order(2, 1);
  ASSERT_EQ(put_in_force(next), "ok");
  EXPECT_EQ(outcome(old), "charter,version") << "approved under the charter before";
  EXPECT_EQ(outcome(order(3, 1)), "version");
  EXPECT_EQ(outcome(order(4, 2)), "2");
  // A rotation that was wrong is taken back the same way.
  next = charter_;
  next.versions[0].state = VersionState::active, next.versions[1].state = VersionState::verify_only;
  ASSERT_EQ(put_in_force(next), "ok");
  EXPECT_EQ(outcome(order(5, 1)), "1");
}

// The approvers of one key cannot take a version of another into their charter.
TEST_F(LifecycleTest, AVersionIsOfOneKeyAlone) {
  auto other = cast_.charter();
  other.key = "px-boot";
  other.versions = {version(1, VersionState::active, "px-boot")};
  ASSERT_TRUE(custodian_->found(other));
  auto next = charter_;
  next.versions.push_back(other.versions[0]);
  next.versions[1].version = 2, next.versions[0].state = VersionState::verify_only;
  EXPECT_EQ(put_in_force(next), "HF-SIGNER-0005");
  EXPECT_EQ(outcome(order(1, 1)), "1") << "the charter in force is still that one";
}

// A new version stands above all that there were: a number is never given twice.
TEST_F(LifecycleTest, ANumberIsNotGivenBelowTheNewest) {
  auto next = charter_;
  next.versions.push_back(version(3, VersionState::pre_active));
  ASSERT_EQ(put_in_force(next), "ok");
  next = charter_;
  next.versions.push_back(version(2, VersionState::pre_active));
  EXPECT_EQ(put_in_force(next), "charter");
}

// Abuse case 46: rotate while 1,000 requests are in flight. Each is signed with the version that it was approved for or
// is refused; none is signed by another, and none twice.
TEST_F(LifecycleTest, Abuse46ARotationWhileAThousandRequestsAreInFlight) {
  constexpr int kRequests = 1000, kBefore = 300, kLate = 100, kThreads = 4;
  std::vector<SignOrder> orders;
  orders.reserve(kRequests);
  for (int i = 0; i < kRequests; ++i) orders.push_back(order(i, 1));
  auto next = charter_;
  next.versions[0].state = VersionState::verify_only;
  next.versions.push_back(version(2, VersionState::active));

  // The rotation begins when a third is signed, and the last hundred are asked for when it is over: so there are both
  // outcomes, whatever the threads do in between.
  std::atomic<int> taken = 0, done = 0;
  std::atomic<bool> rotated = false;
  std::vector<std::string> outcomes(kRequests);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = taken++; i < kRequests; i = taken++) {
        if (i >= kRequests - kLate) rotated.wait(false);
        outcomes[std::size_t(i)] = outcome(orders[std::size_t(i)]);
        ++done;
        done.notify_all();
      }
    });
  for (int n = done; n < kBefore; n = done) done.wait(n);
  EXPECT_EQ(put_in_force(next), "ok");
  rotated = true;
  rotated.notify_all();
  for (auto& thread : threads) thread.join();

  std::map<std::string, int> counts;
  for (const auto& one : outcomes) ++counts[one];
  EXPECT_GE(counts["1"], kBefore);
  EXPECT_GE(counts["charter,version"], kLate);
  EXPECT_EQ(counts["1"] + counts["charter,version"], kRequests) << "nothing else happens to a request";
  // What the journal counted is what came out: each signed request once, under its own version, and no other.
  const auto begun = begun_by_request();
  EXPECT_EQ(begun.size(), std::size_t(counts["1"]));
  for (int i = 0; i < kRequests; ++i) {
    const auto found = begun.find(digest_of(orders[std::size_t(i)].request) + "/1");
    ASSERT_EQ(found != begun.end() ? found->second : 0, outcomes[std::size_t(i)] == "1" ? 1 : 0) << i;
  }
  open();  // and a restart gives nothing back
  EXPECT_EQ(outcome(orders[0]), "charter,version,used");
  EXPECT_EQ(outcome(order(kRequests, 2)), "2");
}

TEST_F(LifecycleTest, BrokenGlassIsRatifiedByTheFullProfile) {
  const auto one = broken(1);
  EXPECT_EQ(custodian_->ratify(one.request, one.approvals).error().code, "HF-SIGNER-0015") << "nothing was signed";
  EXPECT_EQ(outcome(one), "1");
  ASSERT_EQ(custodian_->broken_glass("px-fw").size(), 1U);
  EXPECT_EQ(custodian_->broken_glass("px-fw")[0].request, digest_of(one.request));
  EXPECT_EQ(custodian_->broken_glass("px-fw")[0].due, kNow + 24h);
  EXPECT_EQ(custodian_->ratify(one.request, one.approvals).error().detail, "approvals");
  clock_.set(kNow + 24h - 1s);
  EXPECT_EQ(outcome(broken(2)), "1") << "not overdue yet";
  auto both = one.approvals;
  both.push_back(approval_by(cast_.bob, one.request, Decision::approve, clock_.now()));
  ASSERT_TRUE(custodian_->ratify(one.request, both));
  EXPECT_TRUE(custodian_->ratify(one.request, both)) << "told again";
  EXPECT_EQ(custodian_->broken_glass("px-fw").size(), 1U);
  open();
  EXPECT_EQ(custodian_->broken_glass("px-fw").size(), 1U) << "the second is open still";
}

TEST_F(LifecycleTest, WhatIsOverdueStopsTheBreakingOfGlassAndNothingElse) {
  const auto one = broken(1);
  EXPECT_EQ(outcome(one), "1");
  clock_.set(kNow + 24h);
  EXPECT_EQ(outcome(broken(2)), "ratification");
  EXPECT_EQ(outcome(order(3, 1)), "1") << "with all approvals the key signs";
  open();
  EXPECT_EQ(outcome(broken(4)), "ratification") << "the journal remembers";
  // Late is better than never, and a request's own expiry (72 hours) does not count here.
  clock_.set(kNow + 100h);
  auto both = one.approvals;
  both.push_back(approval_by(cast_.bob, one.request, Decision::approve, clock_.now()));
  ASSERT_TRUE(custodian_->ratify(one.request, both));
  EXPECT_EQ(outcome(broken(5)), "1");
}

TEST_F(LifecycleTest, ARejectionAfterwardsIsAnsweredByAnotherCharterAlone) {
  const auto one = broken(1);
  EXPECT_EQ(outcome(one), "1");
  clock_.advance(1h);
  ASSERT_TRUE(custodian_->reject(one.request, approval_by(cast_.dan, one.request, Decision::reject, clock_.now())));
  EXPECT_EQ(outcome(broken(2)), "ratification") << "at once, not when it would fall due";
  auto both = one.approvals;
  both.push_back(approval_by(cast_.bob, one.request, Decision::approve, clock_.now()));
  EXPECT_EQ(custodian_->ratify(one.request, both).error().detail, "rejected");
  clock_.advance(1h);
  auto next = charter_;
  next.approval.hours = 48;
  ASSERT_EQ(put_in_force(next), "ok");
  EXPECT_EQ(outcome(broken(3)), "1");
  open();
  EXPECT_EQ(outcome(broken(4)), "1");
}

}  // namespace
}  // namespace hf::keys
