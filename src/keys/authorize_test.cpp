#include "keys/authorize.h"

#include <gtest/gtest.h>

#include "keys/keys_test.h"

namespace hf::keys {
namespace {

using namespace test;
using namespace std::chrono_literals;

const Bytes kEvidence = evidence_of(R"({"version":"1.2","security_version":5,"for":"px-board"})");

class Authorize : public testing::Test {
 protected:
  [[nodiscard]] SigningRequest request() const { return request_for(charter_, kEvidence); }
  [[nodiscard]] std::string asked(const SigningRequest& request, const std::vector<Approval>& approvals,
                                  Time now = kNow, Counts counts = {}) const {
    return rules_of(lacks_of_use(charter_, request, approvals, use_of(request, kEvidence), counts, now));
  }
  // A policy question alone: everything is approved.
  [[nodiscard]] std::string judged(const Policy& policy, const Use& use, Counts counts = {}, Time now = kNow) const {
    auto charter = charter_;
    charter.policy = policy;
    return rules_of(lacks_of_policy(charter, 1, use, counts, now));
  }

  Cast cast_;
  Charter charter_ = cast_.charter();
};

TEST_F(Authorize, ACharterReadsBackAsItWas) {
  charter_.policy.products = {"px"};
  charter_.policy.not_after = kNow;
  charter_.break_glass = ApprovalStep{"alone", {"officer"}, 1};
  EXPECT_TRUE(faults_of(charter_).empty());
  const auto back = charter_of(*parse_json(canonical(charter_)));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, charter_);
  EXPECT_EQ(digest_of(*back), digest_of(charter_));
}

TEST_F(Authorize, ACharterThatMakesNoSenseIsRefused) {
  const auto first = [](Charter charter) {
    const auto faults = faults_of(charter);
    return faults.empty() ? std::string() : faults.front().pointer;
  };
  auto charter = charter_;
  charter.deputy = charter.owner;
  EXPECT_EQ(first(charter), "/deputy");
  charter = charter_;
  charter.approval.steps[0].needed = 4;
  EXPECT_EQ(first(charter), "/approval/steps/0") << "three officers cannot be four";
  charter = charter_;
  charter.approval.steps.clear();
  EXPECT_EQ(first(charter), "/approval/steps") << "no signature without approval";
  charter = charter_;
  charter.approvers[1].key = charter.approvers[0].key;
  EXPECT_EQ(first(charter), "/approvers/1") << "one key is not two people";
  for (const auto* name : {"", ".", "..", "../other", "a/b", "-a", "a b", "a\n", "\xC3\xA4"}) {
    charter = charter_;
    charter.key = name;
    EXPECT_EQ(first(charter), "/key") << "a key's name is a file's name: " << name;
  }
  charter.key = std::string(65, 'a');
  EXPECT_EQ(first(charter), "/key");
  auto json = to_json(charter_);
  json["policy"].as_object()["max_usess"] = 1;
  EXPECT_NE(charter_of(json).error().message.find("/policy/max_usess"), std::string::npos)
      << "a misspelt limit is no limit";
}

TEST_F(Authorize, ARequestAndAnApprovalReadBackAsTheyWere) {
  auto asked_for = request();
  asked_for.signing_time = kNow;
  const auto back = request_of(*parse_json(canonical(asked_for)));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, asked_for);
  const auto approval = approval_by(cast_.ann, asked_for);
  const auto read = approval_of(to_json(approval));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, approval);
}

TEST_F(Authorize, TwoOfThreeOfficersAreNeeded) {
  const auto r = request();
  EXPECT_EQ(asked(r, {}), "approvals");
  EXPECT_EQ(asked(r, {approval_by(cast_.ann, r)}), "approvals");
  EXPECT_EQ(asked(r, {approval_by(cast_.ann, r), approval_by(cast_.dan, r)}), "approvals") << "dan is no officer";
  EXPECT_EQ(asked(r, {approval_by(cast_.ann, r), approval_by(cast_.cid, r)}), "");
}

// Abuse case 6.
TEST_F(Authorize, Abuse06NobodyApprovesTwiceAndNobodyTheirOwn) {
  auto r = request();
  EXPECT_EQ(asked(r, {approval_by(cast_.ann, r), approval_by(cast_.ann, r, Decision::approve, kNow + 1s)}),
            "approvals");
  // A second credential of the same person is the same person.
  Person again{"user:1", {"officer"}};
  charter_.approvers.push_back(Cast::approver(again));
  r = request();
  EXPECT_EQ(asked(r, {approval_by(cast_.ann, r), approval_by(again, r)}), "approvals");
  r.person = "user:1";
  EXPECT_EQ(asked(r, {approval_by(cast_.ann, r), approval_by(cast_.bob, r)}), "approvals")
      << "ann asked, through a token";
  // A role that was taken away counts no more: the charter is another, and the request is of the old one.
  r = request();
  const std::vector both{approval_by(cast_.ann, r), approval_by(cast_.bob, r)};
  EXPECT_EQ(asked(r, both), "");
  charter_.approvers[1].roles = {"release"};
  EXPECT_EQ(asked(r, both), "charter,approvals");
}

// Abuse cases 2 and 5.
TEST_F(Authorize, Abuse02And05AnApprovalIsForOneThingUnderOneCharter) {
  const auto r = request();
  const std::vector both{approval_by(cast_.ann, r), approval_by(cast_.bob, r)};
  auto other = r;
  other.evidence_sha256 = std::string(64, 'f');
  EXPECT_EQ(asked(other, both), "approvals,evidence") << "the same id, another content";
  other = r;
  other.key_version = 2;
  EXPECT_EQ(asked(other, both), "approvals,version");
  auto use = use_of(r, kEvidence);
  use.view.security_version = 4;
  EXPECT_EQ(rules_of(lacks_of_use(charter_, r, both, use, {}, kNow)), "evidence")
      << "what the signer reads differs from what was shown";
  charter_.policy.max_uses = 5;
  EXPECT_EQ(asked(r, both), "charter") << "the policy changed after the approval";
}

// Abuse cases 7 and 9.
TEST_F(Authorize, Abuse07And09TimeEndsAtItsSecondAndOneRejectionKills) {
  const auto r = request();
  const std::vector both{approval_by(cast_.ann, r), approval_by(cast_.bob, r)};
  EXPECT_EQ(asked(r, both, r.expires_at - 1us), "");
  EXPECT_EQ(asked(r, both, r.expires_at), "expired");
  EXPECT_EQ(asked(r, both, kNow - 6min), "not_yet,approvals") << "the clock was set back";
  auto longer = r;
  longer.expires_at += 1us;
  EXPECT_EQ(asked(longer, {approval_by(cast_.ann, longer), approval_by(cast_.bob, longer)}), "expiry");
  auto killed = both;
  killed.push_back(approval_by(cast_.dan, r, Decision::reject));
  EXPECT_EQ(asked(r, killed), "rejected");
  auto late = both;
  late[1] = approval_by(cast_.bob, r, Decision::approve, r.expires_at + 1s);
  EXPECT_EQ(asked(r, late, r.expires_at - 1us), "approvals");
}

TEST_F(Authorize, AForgedOrTakenSignatureIsNobodys) {
  const auto r = request();
  auto forged = approval_by(cast_.bob, r);
  forged.statement.person = "user:3";
  EXPECT_EQ(asked(r, {approval_by(cast_.ann, r), forged}), "approvals") << "bob's signature in cid's name";
  forged = approval_by(cast_.bob, r);
  forged.signature[5] ^= 1;
  EXPECT_EQ(asked(r, {approval_by(cast_.ann, r), forged}), "approvals");
  Person stranger{"user:2", {"officer"}};
  EXPECT_EQ(asked(r, {approval_by(cast_.ann, r), approval_by(stranger, r)}), "approvals")
      << "a key that the charter does not name";
}

TEST_F(Authorize, StepsShareTheirPeopleAsWellAsCanBe) {
  charter_.approval.steps = {{"release", {"release"}, 1}, {"officers", {"officer"}, 2}};
  const auto r = request();
  // cid alone could fill the first step; with dan there, cid must move to the officers.
  EXPECT_EQ(asked(r, {approval_by(cast_.cid, r), approval_by(cast_.ann, r)}), "approvals");
  EXPECT_EQ(asked(r, {approval_by(cast_.cid, r), approval_by(cast_.ann, r), approval_by(cast_.dan, r)}), "");
}

TEST_F(Authorize, OrderedStepsCountInTheirOrder) {
  charter_.approval.steps = {{"release", {"release"}, 1}, {"officers", {"officer"}, 1}};
  charter_.approval.ordered = true;
  const auto r = request();
  EXPECT_EQ(asked(r,
                  {approval_by(cast_.ann, r, Decision::approve, kNow),
                   approval_by(cast_.dan, r, Decision::approve, kNow + 1s)},
                  kNow + 2s),
            "approvals");
  EXPECT_EQ(asked(r,
                  {approval_by(cast_.dan, r, Decision::approve, kNow),
                   approval_by(cast_.ann, r, Decision::approve, kNow + 1s)},
                  kNow + 2s),
            "");
}

// Abuse cases 11 to 18, as far as they are the policy's.
TEST_F(Authorize, Abuse11To18ThePolicyIsJudgedOnWhatIsSigned) {
  const auto use = use_of(request(), kEvidence);
  auto policy = charter_.policy;
  EXPECT_EQ(judged(policy, use), "");
  policy.compatible = {{"py-board"}};
  EXPECT_EQ(judged(policy, use), "policy.compatible") << "11: the image is for another product";
  policy.compatible.reset();
  policy.kinds = {{"bootloader"}};
  policy.formats = {"mcuboot"};
  EXPECT_EQ(judged(policy, use), "policy.formats,policy.kinds") << "12";
  policy = charter_.policy;
  auto digest = use;
  digest.view.digest_only = true;
  EXPECT_EQ(judged(policy, digest), "policy.digest_only") << "13, 14";
  policy.min_security_version = 6;
  EXPECT_EQ(judged(policy, use), "policy.min_security_version") << "15";
  auto silent = use;
  silent.view.security_version.reset();
  EXPECT_EQ(judged(policy, silent), "policy.min_security_version");
  policy = charter_.policy;
  auto downgraded = use;
  downgraded.scheme = crypto::SignatureScheme::rsa_pkcs1_sha256;
  EXPECT_EQ(judged(policy, downgraded), "scheme,policy.schemes") << "17";
  policy.max_uses = 3;
  policy.max_per_hour = 2;
  EXPECT_EQ(judged(policy, use, {.of_version = 2, .last_hour = 1}), "");
  EXPECT_EQ(judged(policy, use, {.of_version = 3, .last_hour = 2}), "policy.max_uses,policy.max_per_hour") << "18";
  policy = charter_.policy;
  policy.not_before = kNow + 1us;
  EXPECT_EQ(judged(policy, use), "policy.window");
  policy.not_before = kNow;
  policy.not_after = kNow;
  EXPECT_EQ(judged(policy, use), "policy.window");
  policy = charter_.policy;
  policy.requesters = {{"token:1"}};
  policy.branches = {{"main"}};
  policy.products = {{"py"}};
  EXPECT_EQ(judged(policy, use), "policy.products,policy.requesters,policy.branches");
}

TEST_F(Authorize, AGrantIsApprovedOnceAndHoldsItsLimits) {
  auto r = request();
  r.kind = RequestKind::grant;
  r.view.reset(), r.artifact.reset(), r.evidence_sha256.clear(), r.product.clear(), r.scheme = {};
  r.grant = Grant{
      .signatures = 2, .products = {"px"}, .formats = {"text"}, .requesters = {"token:9"}, .branches = {{"main"}}};
  r.expires_at = kNow + 24h * 30;
  EXPECT_EQ(*request_of(to_json(r)), r);
  const std::vector both{approval_by(cast_.ann, r), approval_by(cast_.bob, r)};
  auto use = use_of(request(), kEvidence);
  use.branch = "main";
  const auto ask = [&](const Use& one, Counts counts = {}) {
    return rules_of(lacks_of_use(charter_, r, both, one, counts, kNow + 1h));
  };
  EXPECT_EQ(ask(use), "");
  EXPECT_EQ(ask(use, {.of_request = 2}), "used");
  auto other = use;
  other.branch = "feature";
  other.product = "py";
  other.requester = "token:8";
  EXPECT_EQ(ask(other), "grant.products,grant.requesters,grant.branches");
  r.grant->signatures = 101;
  EXPECT_EQ(
      rules_of(lacks_of_approval(charter_, r, std::vector{approval_by(cast_.ann, r), approval_by(cast_.bob, r)}, kNow)),
      "grant");
  r.grant->signatures = 2;
  charter_.grants = {};
  EXPECT_EQ(ask(use), "charter,grant,grant");
}

TEST_F(Authorize, ACharterIsFollowedOnlyByOneThatItsApproversWant) {
  auto next = charter_;
  next.sequence = 2;
  next.previous = digest_of(charter_);
  next.approval.steps[0].needed = 1;
  SigningRequest r{.kind = RequestKind::charter,
                   .id = std::string(32, 'b'),
                   .key = "px-fw",
                   .charter = digest_of(charter_),
                   .requester = "user:9",
                   .person = "user:9",
                   .reason = "one is enough",
                   .created_at = kNow,
                   .expires_at = kNow + 1h,
                   .next_charter = digest_of(next)};
  const auto ask = [&](const Charter& wanted) {
    return rules_of(lacks_of_succession(charter_, wanted, r,
                                        std::vector{approval_by(cast_.ann, r), approval_by(cast_.bob, r)}, kNow));
  };
  EXPECT_EQ(ask(next), "");
  EXPECT_EQ(rules_of(lacks_of_succession(charter_, next, r, std::vector{approval_by(cast_.ann, r)}, kNow)), "approvals")
      << "the old rule holds for the change";
  auto other = next;
  other.approval.steps[0].needed = 2;
  EXPECT_EQ(ask(other), "evidence");
  other = next;
  other.versions[0].fingerprint = {8};
  r.next_charter = digest_of(other);
  EXPECT_EQ(ask(other), "charter") << "another key under the same number";
  charter_.versions[0].state = VersionState::compromised;
  next.previous = digest_of(charter_);
  r.charter = digest_of(charter_);
  r.next_charter = digest_of(next);
  EXPECT_EQ(ask(next), "charter") << "what has leaked does not come back";
}

// Abuse case 10.
TEST_F(Authorize, Abuse10AnAssertionIsForThisRequestThisSiteAndAVerifiedPerson) {
  hf::test::Authenticator authenticator;
  auto& approver = charter_.approvers[0];
  approver.kind = CredentialKind::webauthn;
  approver.key = authenticator.key.key();
  approver.rp_id = authenticator.rp_id;
  approver.origin = authenticator.origin;
  approver.credential_id = "AAAA";
  EXPECT_EQ(*charter_of(to_json(charter_)), charter_);
  const auto r = request();
  const auto approval_from = [&](const hf::test::Authenticator& from, const SigningRequest& of) {
    Approval approval{.statement = {digest_of(of), Decision::approve, "user:1", kNow},
                      .kind = CredentialKind::webauthn};
    const auto answer = from.answer(crypto::sha256({bytes_of(canonical(approval.statement))}));
    approval.signature = answer.signature;
    approval.authenticator_data = answer.authenticator_data;
    approval.client_data = answer.client_data;
    return approval;
  };
  const auto good = approval_from(authenticator, r);
  EXPECT_EQ(*approval_of(to_json(good)), good);
  EXPECT_EQ(asked(r, {good, approval_by(cast_.bob, r)}), "");
  const auto with = [&](auto change) {
    auto other = authenticator;
    change(other);
    return asked(r, {approval_from(other, r), approval_by(cast_.bob, r)});
  };
  EXPECT_EQ(with([](auto& a) { a.origin = "https://evil.example"; }), "approvals");
  EXPECT_EQ(with([](auto& a) { a.rp_id = "evil.example"; }), "approvals");
  EXPECT_EQ(with([](auto& a) { a.type = "webauthn.create"; }), "approvals");
  EXPECT_EQ(with([](auto& a) { a.flags = 0x01; }), "approvals") << "present, not verified";
  EXPECT_EQ(with([](auto& a) { a.flags = 0x04; }), "approvals");
  auto replayed = approval_from(authenticator, r);
  replayed.statement.at += 1s;
  EXPECT_EQ(asked(r, {replayed, approval_by(cast_.bob, r)}), "approvals") << "the challenge of another statement";
  for (auto member : {&Approval::signature, &Approval::authenticator_data, &Approval::client_data}) {
    for (std::size_t i = 0; i < (good.*member).size(); ++i) {
      auto flipped = good;
      (flipped.*member)[i] ^= 0x40;
      ASSERT_EQ(asked(r, {flipped, approval_by(cast_.bob, r)}), "approvals") << i;
    }
  }
}

TEST_F(Authorize, Abuse08TextsThatShowOtherThanTheyAreAreRefused) {
  auto r = request();
  for (const auto* text : {"release\xE2\x80\xAE"
                           "elif",
                           "two\nlines", "\x1b[31m", "nul\xC2\x85", "\xE2\x81\xA6isolate"}) {
    r.reason = text;
    EXPECT_FALSE(request_of(to_json(r))) << text;
  }
  r.reason = "Freigabe für Österreich, 正しい";
  EXPECT_TRUE(request_of(to_json(r)));
}

}  // namespace
}  // namespace hf::keys
