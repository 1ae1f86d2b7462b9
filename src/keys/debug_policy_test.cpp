// The policy of debug keys. What containers themselves refuse is in formats/adac_test.cpp and beside.
#include "keys/debug_policy.h"

#include <gtest/gtest.h>

#include "keys/keys_test.h"

namespace hf::keys {
namespace {

using namespace test;

constexpr std::string_view kToken =
    R"({"kind":"debug_token","device":"d1","permissions":"03","lifecycle":"0x3000","challenge_sha256":"aa"})";

class DebugPolicyTest : public testing::Test {
 protected:
  DebugPolicyTest() {
    charter_.key_class = KeyClass::debug;
    charter_.policy.debug = DebugPolicy{.lifecycles = {{"0x3000", "0f"}, {"0x5000", "ff"}}, .class_wide = false};
    charter_.break_glass = ApprovalStep{"alone", {"officer"}, 1};
  }
  // The rules that a fully approved request lacks. `changed`: members that replace those of kToken.
  [[nodiscard]] std::string judged(const JsonObject& changed, bool break_glass = false,
                                   std::int64_t challenge_uses = 0) const {
    auto json = parse_json(kToken)->as_object();
    for (const auto& [name, value] : changed) json[name] = value;
    const auto evidence = evidence_of(to_text(json));
    auto request = request_for(charter_, evidence);
    request.break_glass = break_glass;
    const std::vector approvals{approval_by(cast_.ann, request), approval_by(cast_.bob, request)};
    return rules_of(
        lacks_of_use(charter_, request, approvals, use_of(request, evidence), {.of_challenge = challenge_uses}, kNow));
  }

  Cast cast_;
  Charter charter_ = cast_.charter();
};

TEST_F(DebugPolicyTest, ACharterWithOneReadsBackAndOneWithoutStaysAsItWas) {
  const auto back = charter_of(*parse_json(canonical(charter_)));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, charter_);
  EXPECT_EQ(canonical(cast_.charter()).find("debug"), std::string::npos) << "digests of older charters";
  const auto first = [](const Charter& charter) {
    const auto faults = faults_of(charter);
    return faults.empty() ? std::string() : faults.front().pointer;
  };
  auto other = charter_;
  other.key_class = KeyClass::firmware;
  EXPECT_EQ(first(other), "/policy/debug");
  other = charter_;
  other.policy.debug->lifecycles.clear();
  EXPECT_EQ(first(other), "/policy/debug/lifecycles");
  other = charter_;
  other.policy.debug->lifecycles[1].state = "0x3000";
  EXPECT_EQ(first(other), "/policy/debug/lifecycles/1/state");
  for (const auto* text : {"", "f", "FF", "0x0f", "zz"}) {
    other.policy.debug->lifecycles[1] = {"0x5000", text};
    EXPECT_EQ(first(other), "/policy/debug/lifecycles/1/permissions") << text;
  }
}

TEST_F(DebugPolicyTest, Abuse38PermissionBitsAndLifecycleStatesAreThoseOfTheCharter) {
  EXPECT_EQ(judged({}), "");
  EXPECT_EQ(judged({{"permissions", "0f"}}), "");
  EXPECT_EQ(judged({{"permissions", "10"}}), "policy.debug.permissions");
  EXPECT_EQ(judged({{"permissions", "1f"}}), "policy.debug.permissions");
  EXPECT_EQ(judged({{"permissions", "0003"}}), "policy.debug.permissions") << "of another width";
  EXPECT_EQ(judged({{"permissions", ""}}), "policy.debug.permissions");
  EXPECT_EQ(judged({{"permissions", "ff"}, {"lifecycle", "0x5000"}}), "");
  for (const auto* state : {"0x6000", "any", "unknown", ""})
    EXPECT_EQ(judged({{"lifecycle", state}}), "policy.debug.lifecycle") << state;
  EXPECT_EQ(judged({{"permissions", "1f"}}, true), "policy.debug.permissions") << "breaking glass widens nothing";
}

TEST_F(DebugPolicyTest, Abuse38AWholeClassTakesBreakingGlass) {
  EXPECT_EQ(judged({{"device", ""}}), "policy.debug.class_wide");
  EXPECT_EQ(judged({{"device", ""}}, true), "");
  const JsonObject certificate{{"kind", "debug_certificate"}, {"device", ""}, {"challenge_sha256", ""}};
  EXPECT_EQ(judged(certificate), "policy.debug.class_wide");
  EXPECT_EQ(judged(certificate, true), "");
  charter_.policy.debug->class_wide = true;
  EXPECT_EQ(judged(certificate), "") << "a root or an intermediate, as the charter says";
  EXPECT_EQ(judged({{"device", ""}}), "policy.debug.class_wide") << "a token never";
}

TEST_F(DebugPolicyTest, Abuse38AChallengeIsBoundAndAnsweredOnce) {
  EXPECT_EQ(judged({{"challenge_sha256", ""}}), "policy.debug.challenge");
  EXPECT_EQ(judged({}, false, 1), "challenge_used");
  EXPECT_EQ(judged({{"kind", "debug_certificate"}, {"challenge_sha256", ""}}, false, 1), "");
}

// Abuse case 12: no key of one class signs what is of another, whatever formats and kinds its charter names.
TEST_F(DebugPolicyTest, Abuse12DebugKeysSignDebugAccessAndNothingElse) {
  EXPECT_EQ(judged({{"kind", "firmware"}}), "class");
  EXPECT_EQ(judged({{"kind", "certificate"}}), "class");
  for (const auto other : {KeyClass::firmware, KeyClass::device_ca, KeyClass::encryption}) {
    charter_.key_class = other;
    EXPECT_EQ(judged({}), "class");
    EXPECT_EQ(judged({{"kind", "debug_certificate"}}), "class");
    EXPECT_EQ(judged({{"kind", "firmware"}}), "");
  }
  charter_.key_class = KeyClass::debug;
  charter_.policy.debug.reset();
  EXPECT_EQ(judged({}), "policy.debug") << "a debug key whose charter says nothing of it";
}

TEST_F(DebugPolicyTest, AStandingGrantIsNoWayIn) {
  const auto evidence = evidence_of(kToken);
  SigningRequest request{
      .kind = RequestKind::grant,
      .id = std::string(32, 'a'),
      .key = charter_.key,
      .charter = digest_of(charter_),
      .requester = "token:9",
      .person = "user:9",
      .reason = "nightly",
      .created_at = kNow,
      .expires_at = kNow + std::chrono::hours(1),
      .grant = Grant{.signatures = 5, .products = {"px"}, .formats = {"text"}, .requesters = {"token:9"}}};
  const Use use{.requester = "token:9",
                .branch = "",
                .product = "px",
                .scheme = crypto::SignatureScheme::ecdsa_p256_sha256,
                .view = find_text_format("text")->view(evidence).value(),
                .evidence_sha256 = to_hex(crypto::sha256({evidence}))};
  const std::vector approvals{approval_by(cast_.ann, request), approval_by(cast_.bob, request)};
  EXPECT_EQ(rules_of(lacks_of_use(charter_, request, approvals, use, {}, kNow)), "grant");
}

// What was approved as an ordinary request is not signed as one that breaks glass.
TEST_F(DebugPolicyTest, BreakingGlassIsWhatTheRequestSays) {
  const auto evidence = evidence_of(
      R"({"kind":"debug_token","device":"","permissions":"03","lifecycle":"0x3000","challenge_sha256":"aa"})");
  const auto request = request_for(charter_, evidence);
  auto use = use_of(request, evidence);
  use.break_glass = true;
  const std::vector approvals{approval_by(cast_.ann, request), approval_by(cast_.bob, request)};
  EXPECT_EQ(rules_of(lacks_of_use(charter_, request, approvals, use, {}, kNow)), "evidence");
}

}  // namespace
}  // namespace hf::keys
