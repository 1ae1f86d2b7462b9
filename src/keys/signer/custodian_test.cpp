#include <atomic>
#include <fstream>
#include <thread>

#include "keys/signer/custodian_fixture.h"

namespace hf::keys {
namespace {

using namespace test;
using namespace std::chrono_literals;

TEST_F(CustodianTest, SignsWhatWasApprovedOnce) {
  const auto once = order();
  EXPECT_EQ(signing(once), "ok");
  EXPECT_EQ(signing(once), "used");
  auto unapproved = order();
  unapproved.approvals.pop_back();
  EXPECT_EQ(signing(unapproved), "approvals,used");
}

// Abuse case 2: approve A, sign B.
TEST_F(CustodianTest, Abuse02AnotherContentIsRefused) {
  auto other = order();
  other.evidence = evidence_of(R"({"version":"6.6"})");
  EXPECT_EQ(signing(other), "evidence");
}

// Abuse case 3: 32 at once, with one approval.
TEST_F(CustodianTest, Abuse03OfManyAtOnceExactlyAsManyAsApprovedAreSigned) {
  for (const int uses : {1, 5}) {
    auto one = order(uses);
    one.request.id[0] = char('a' + uses);
    one.approvals = {approval_by(cast_.ann, one.request), approval_by(cast_.bob, one.request)};
    std::atomic<int> signed_count = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 32; ++i) threads.emplace_back([&] { signed_count += custodian_->sign(one) ? 1 : 0; });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(signed_count, uses);
  }
}

// Abuse case 4: a restart, with whatever database.
TEST_F(CustodianTest, Abuse04WhatWasUsedStaysUsedAfterARestart) {
  const auto once = order();
  EXPECT_EQ(signing(once), "ok");
  reopen();
  EXPECT_EQ(signing(once), "used");
}

// Abuse case 7: the clock is set back.
TEST_F(CustodianTest, Abuse07TimeDoesNotGoBackForTheCustodian) {
  clock_.set(kNow + 80h);
  auto later = request_for(charter_, kEvidence, kNow + 80h);
  EXPECT_EQ(signing({.request = later,
                     .approvals = {approval_by(cast_.ann, later, Decision::approve, kNow + 80h),
                                   approval_by(cast_.bob, later, Decision::approve, kNow + 80h)},
                     .evidence = kEvidence}),
            "ok");
  clock_.set(kNow);
  EXPECT_EQ(signing(order()), "expired");
  reopen();
  EXPECT_EQ(signing(order()), "expired") << "nor after a restart";
}

// Abuse case 9: a rejection, and then all the approvals.
TEST_F(CustodianTest, Abuse09ARejectionKillsForGood) {
  const auto once = order();
  EXPECT_EQ(custodian_->reject(once.request, approval_by(cast_.ann, once.request)).error().code, "HF-SIGNER-0006")
      << "an approval is no rejection";
  const auto rejection = approval_by(cast_.dan, once.request, Decision::reject);
  ASSERT_TRUE(custodian_->reject(once.request, rejection));
  EXPECT_EQ(signing(once), "rejected");
  const auto lines = custodian_->head().lines;
  reopen();
  ASSERT_TRUE(custodian_->reject(once.request, rejection)) << "it is handed over with every signature";
  EXPECT_EQ(custodian_->head().lines, lines) << "and written down once";
  EXPECT_EQ(signing(once), "rejected");
}

TEST_F(CustodianTest, AFrozenKeySignsAgainOnlyUnderACharterThatWasAskedForAfterwards) {
  auto next = charter_;
  next.sequence = 2;
  next.previous = digest_of(charter_);
  next.policy.max_per_hour = 7;
  const auto change = [&](Time at) {
    const SigningRequest request{.kind = RequestKind::charter,
                                 .id = std::string(32, 'd'),
                                 .key = charter_.key,
                                 .key_version = 1,
                                 .charter = digest_of(charter_),
                                 .requester = "user:9",
                                 .person = "user:9",
                                 .reason = "floor",
                                 .created_at = at,
                                 .expires_at = at + 24h,
                                 .next_charter = digest_of(next)};
    return std::pair(request, std::vector{approval_by(cast_.ann, request, Decision::approve, at),
                                          approval_by(cast_.bob, request, Decision::approve, at)});
  };
  const auto [before, approved_before] = change(clock_.now());
  EXPECT_EQ(custodian_->freeze("none", "user:1").error().code, "HF-SIGNER-0007");
  clock_.advance(1h);
  ASSERT_TRUE(custodian_->freeze("px-fw", "user:1"));
  const auto lines = custodian_->head().lines;
  ASSERT_TRUE(custodian_->freeze("px-fw", "user:2")) << "frozen is frozen";
  EXPECT_EQ(custodian_->head().lines, lines);
  EXPECT_EQ(signing(order()), "frozen") << "whatever was approved";
  reopen();
  EXPECT_EQ(signing(order()), "frozen") << "nor after a restart";
  EXPECT_EQ(custodian_->succeed(next, before, approved_before).error().detail, "frozen")
      << "who agreed to that charter knew nothing of the compromise";
  clock_.advance(1h);
  const auto [after, approved_after] = change(clock_.now());
  ASSERT_TRUE(custodian_->succeed(next, after, approved_after));
  charter_ = next;
  EXPECT_EQ(signing(order()), "ok");
  reopen();
  EXPECT_EQ(signing(order()), "used");
}

// Abuse cases 21 and 22: what the token does wrong.
TEST_F(CustodianTest, Abuse22AWrongSignatureIsWithheldAndItsUseCounts) {
  const auto once = order();
  fault_->corrupt_signatures = true;
  EXPECT_EQ(signing(once), "HF-KEY-0003");
  fault_->corrupt_signatures = false;
  EXPECT_EQ(signing(once), "used");
  reopen();
  EXPECT_EQ(signing(once), "used");
}

TEST_F(CustodianTest, AnAmbiguousFailureCountsAndADefiniteOneDoesNot) {
  auto once = order();
  arm("C_Sign", kDeviceError);
  EXPECT_EQ(signing(once), "HF-P11-0013");
  EXPECT_EQ(signing(once), "used") << "the answer was lost; a signature may exist";
  once.request.id[0] = 'c';
  once.approvals = {approval_by(cast_.ann, once.request), approval_by(cast_.bob, once.request)};
  arm("C_SignInit", kMechanismInvalid);
  EXPECT_EQ(signing(once), "HF-P11-0016");
  reopen();
  EXPECT_EQ(signing(once), "ok") << "the token refused: nothing was signed";
}

TEST_F(CustodianTest, LimitsOfTheKeyHoldOverRequestsAndRestarts) {
  auto next = charter_;
  next.sequence = 2;
  next.previous = digest_of(charter_);
  next.policy.max_uses = 3;
  next.policy.max_per_hour = 2;
  SigningRequest change{.kind = RequestKind::charter,
                        .id = std::string(32, 'b'),
                        .key = "px-fw",
                        .charter = digest_of(charter_),
                        .requester = "user:9",
                        .person = "user:9",
                        .reason = "limits",
                        .created_at = kNow,
                        .expires_at = kNow + 1h,
                        .next_charter = digest_of(next)};
  const std::vector approvals{approval_by(cast_.ann, change), approval_by(cast_.bob, change)};
  EXPECT_EQ(custodian_->succeed(next, change, std::span(approvals).first(1)).error().detail, "approvals");
  ASSERT_TRUE(custodian_->succeed(next, change, approvals));
  EXPECT_EQ(signing(order()), "charter") << "asked under the charter before";
  charter_ = next;
  const auto numbered = [&](char id) {
    auto one = order();
    one.request.id[0] = id;
    one.approvals = {approval_by(cast_.ann, one.request), approval_by(cast_.bob, one.request)};
    return one;
  };
  EXPECT_EQ(signing(numbered('1')), "ok");
  EXPECT_EQ(signing(numbered('2')), "ok");
  EXPECT_EQ(signing(numbered('3')), "policy.max_per_hour");
  reopen();
  EXPECT_EQ(signing(numbered('3')), "policy.max_per_hour");
  clock_.advance(61min);
  EXPECT_EQ(signing(numbered('3')), "ok");
  clock_.advance(61min);
  EXPECT_EQ(signing(numbered('4')), "policy.max_uses");
}

TEST_F(CustodianTest, AKeyHasOneCharterAndTheTokenMustHoldWhatItSays) {
  EXPECT_EQ(custodian_->found(charter_).error().code, "HF-SIGNER-0005")
      << "a second founding would replace the approvers";
  auto other = charter_;
  other.key = "alias";
  EXPECT_EQ(custodian_->found(other).error().code, "HF-SIGNER-0005") << "18: the same key under another name";
  other.versions[0].id = {9, 9};
  EXPECT_EQ(custodian_->found(other).error().code, "HF-SIGNER-0005") << "25: not on the token";
  auto request = request_for(charter_, kEvidence);
  request.key = "nobody";
  EXPECT_EQ(custodian_->sign({.request = request, .approvals = {}, .evidence = kEvidence}).error().code,
            "HF-SIGNER-0007");
}

// Abuse case 38: another request, approved like the first, for a challenge that was answered. Only the journal knows.
TEST_F(CustodianTest, Abuse38AChallengeIsAnsweredOnceWhateverIsApproved) {
  const auto key = custodian_->generate(crypto::KeyAlgorithm::ecdsa_p256, "px-debug-1");
  ASSERT_TRUE(key);
  auto charter = cast_.charter();
  charter.key = "px-debug";
  charter.key_class = KeyClass::debug;
  charter.policy.debug = DebugPolicy{.lifecycles = {{"0x3000", "0f"}}, .class_wide = false};
  charter.versions[0].id = key->pin.id;
  charter.versions[0].fingerprint = key->pin.fingerprint;
  ASSERT_TRUE(custodian_->found(charter));
  public_key_ = key->public_key;
  const auto session = [&](char id, std::string_view challenge) {
    const auto evidence = evidence_of(
        R"({"kind":"debug_token","device":"d1","permissions":"03","lifecycle":"0x3000","challenge_sha256":")" +
        std::string(challenge) + R"("})");
    auto request = request_for(charter, evidence);
    request.id[0] = id;
    return SignOrder{.request = request,
                     .approvals = {approval_by(cast_.ann, request), approval_by(cast_.bob, request)},
                     .evidence = evidence};
  };
  EXPECT_EQ(signing(session('1', "aa")), "ok");
  EXPECT_EQ(signing(session('2', "aa")), "challenge_used");
  EXPECT_EQ(signing(session('3', "bb")), "ok");
  reopen();
  EXPECT_EQ(signing(session('4', "aa")), "challenge_used") << "nor after a restart";
  arm("C_SignInit", kMechanismInvalid);
  EXPECT_EQ(signing(session('5', "cc")), "HF-P11-0016");
  EXPECT_EQ(signing(session('6', "cc")), "ok") << "the token refused: the challenge was not answered";
  arm("C_Sign", kDeviceError);
  EXPECT_EQ(signing(session('7', "dd")), "HF-P11-0013");
  EXPECT_EQ(signing(session('8', "dd")), "challenge_used") << "the answer was lost: there may be one";
  // 32 at once, each its own request.
  std::atomic<int> signed_count = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 32; ++i)
    threads.emplace_back([&, i] { signed_count += custodian_->sign(session(char('A' + i), "ee")) ? 1 : 0; });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(signed_count, 1);
}

// A request that was approved for a time stamp of yesterday, or of tomorrow, is no way to one.
TEST_F(CustodianTest, Abuse19ATimeStampIsOfTheSignersOwnTime) {
  const auto stamp = [&](char id, Time time) {
    const auto evidence = evidence_of(R"({"kind":"timestamp","accuracy_ms":5000})");
    auto request = request_for(charter_, evidence);
    request.id[0] = id;
    request.signing_time = time;
    return signing({.request = request,
                    .approvals = {approval_by(cast_.ann, request), approval_by(cast_.bob, request)},
                    .evidence = evidence});
  };
  EXPECT_EQ(stamp('1', kNow - 6s), "signing_time");
  EXPECT_EQ(stamp('2', kNow + 6s), "signing_time");
  EXPECT_EQ(stamp('3', kNow - 4s), "ok");
  EXPECT_EQ(stamp('4', kNow), "ok");
}

// minisign takes two: of the file, and of that signature with the comment.
TEST_F(CustodianTest, TwoSignaturesOfOneFormatAreOneUse) {
  const auto key = custodian_->generate(crypto::KeyAlgorithm::ed25519, "tools-1");
  ASSERT_TRUE(key) << key.error().message;
  auto charter = cast_.charter();
  charter.key = "tools";
  charter.versions[0].algorithm = crypto::KeyAlgorithm::ed25519;
  charter.versions[0].id = key->pin.id;
  charter.versions[0].fingerprint = key->pin.fingerprint;
  charter.policy.formats = {"minisign"};
  charter.policy.schemes = {crypto::SignatureScheme::ed25519};
  charter.policy.digest_only = true;
  ASSERT_TRUE(custodian_->found(charter));
  const auto& format = *find_format("minisign");
  const auto file = dir_.path() / "tool.tar", out = dir_.path() / "tool.tar.minisig";
  std::ofstream(file) << "a tool";
  const auto evidence = *format.evidence(file, {});
  const auto order = [&](char id) {
    auto request = request_for(charter, evidence_of("{}"));
    request.id[0] = id;
    request.scheme = crypto::SignatureScheme::ed25519;
    request.evidence_sha256 = to_hex(crypto::sha256({evidence}));
    request.view = to_json(*format.view(evidence));
    request.signing_time = kNow;
    return SignOrder{.request = request,
                     .approvals = {approval_by(cast_.ann, request), approval_by(cast_.bob, request)},
                     .evidence = evidence};
  };
  const auto made = custodian_->sign(order('1'));
  ASSERT_TRUE(made) << made.error().message << made.error().detail;
  ASSERT_EQ(made->earlier.size(), 1U);
  const SigningContext context{.key = key->public_key,
                               .scheme = crypto::SignatureScheme::ed25519,
                               .certificate = {},
                               .intermediates = {},
                               .signing_time = kNow,
                               .earlier = made->earlier};
  const auto assembled = format.assemble(file, evidence, context, made->signature, out);
  EXPECT_TRUE(assembled) << assembled.error().message;
  EXPECT_EQ(custodian_->sign(order('1')).error().detail, "used");
  // Refused for the second of the two: the first exists, so the use is used.
  arm("C_SignInit", kMechanismInvalid);
  fault_->skip = 1;
  EXPECT_EQ(custodian_->sign(order('2')).error().code, "HF-P11-0016");
  EXPECT_EQ(custodian_->sign(order('2')).error().detail, "used");
  reopen();
  EXPECT_EQ(custodian_->sign(order('2')).error().detail, "used");
}

// Abuse case 39, for the signer's own journal.
TEST_F(CustodianTest, Abuse39AnAlteredJournalStopsTheSigner) {
  EXPECT_EQ(signing(order()), "ok");
  custodian_.reset();
  const auto path = signer() / "journal";
  std::string text(std::istreambuf_iterator<char>(std::ifstream(path).rdbuf()), {});
  const auto opened = [&](const std::string& content) {
    std::ofstream(path, std::ios::trunc) << content;
    auto custodian = Custodian::open(*crypto::open_token(config_), signer(), clock_, &find_text_format);
    return custodian ? std::string("ok") : std::string(custodian.error().code);
  };
  for (std::size_t i = 0; i + 1 < text.size(); i += 7) {
    auto altered = text;
    altered[i] = altered[i] == '1' ? '2' : '1';
    if (altered.find_last_of('\n', altered.size() - 2) < i)
      continue;  // the last line's content has no line after it yet
    EXPECT_EQ(opened(altered), "HF-SIGNER-0002") << i;
  }
  const auto second = text.find('\n') + 1;
  EXPECT_EQ(opened(text.substr(0, second) + text.substr(text.find('\n', second) + 1)), "HF-SIGNER-0002")
      << "a line was taken out";
  EXPECT_EQ(opened(text + "{\"n\":"), "ok") << "a torn last line was never acknowledged";
  EXPECT_EQ(std::filesystem::file_size(path), text.size());
}

}  // namespace
}  // namespace hf::keys
