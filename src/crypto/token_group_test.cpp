// What the group does with members that fail as a test says. That the errors are those of real tokens is tested below
// p11.
#include "crypto/token_group.h"

#include <gtest/gtest.h>

namespace hf::crypto {
namespace {

using namespace std::chrono_literals;

struct Fake {
  std::string name;
  std::optional<Error> fails{};
  bool opens = true;
  int calls = 0, openings = 0;
};

class FakeToken final : public Token {
 public:
  explicit FakeToken(Fake& fake) : fake_(fake) {}
  Result<TokenInfo> info() override {
    return TokenInfo{.label = fake_.name, .manufacturer = {}, .model = {}, .serial = {}};
  }
  Result<TokenContents> contents() override { return TokenContents{}; }
  Result<PublicKey> public_key(const KeyPin&) override { return PublicKey{}; }
  Result<TokenKey> generate(KeyAlgorithm, std::string_view) override {
    return TokenKey{.label = fake_.name, .pin = {}, .public_key = {}, .custody = {}};
  }
  Result<Bytes> sign(const KeyPin&, SignatureScheme, ByteView) override {
    ++fake_.calls;
    if (fake_.fails) return fail(*fake_.fails);
    return Bytes(fake_.name.begin(), fake_.name.end());
  }

 private:
  Fake& fake_;
};

const Error kIll{ErrorKind::unavailable, "HF-P11-0013", "the device is ill", "C_Sign"};
const Error kOther{ErrorKind::conflict, "HF-KEY-0005", "another key", ""};
const Error kPolicy{ErrorKind::internal, "HF-P11-0016", "not permitted", ""};
const Error kMissing{ErrorKind::not_found, "HF-KEY-0002", "no such key", ""};

class TokenGroup : public ::testing::Test {
 protected:
  std::unique_ptr<Token> group() {
    std::vector<GroupMember> members;
    for (auto* fake : {&one_, &two_})
      members.push_back({fake->name, [fake]() -> Result<std::unique_ptr<Token>> {
                           ++fake->openings;
                           if (!fake->opens) return fail(kIll);
                           return std::make_unique<FakeToken>(*fake);
                         }});
    return make_token_group(std::move(members), clock_);
  }
  static std::string signed_by(Token& group) {
    const auto made = group.sign({}, SignatureScheme::ecdsa_p256_sha256, {});
    return made ? std::string(made->begin(), made->end()) : std::string(made.error().code);
  }

  ManualClock clock_{Time{} + 1000h};
  Fake one_{"one"}, two_{"two"};
};

TEST_F(TokenGroup, Abuse23WhatOneCannotTheNextDoes) {
  const auto group = this->group();
  EXPECT_EQ(signed_by(*group), "one");
  EXPECT_EQ(two_.openings, 0) << "not before it is needed";
  one_.fails = kIll;
  EXPECT_EQ(signed_by(*group), "two");
  one_.fails.reset();
  EXPECT_EQ(signed_by(*group), "two") << "the first rests";
  EXPECT_EQ(one_.calls, 2);
  clock_.advance(1s);
  EXPECT_EQ(signed_by(*group), "one");
  EXPECT_EQ(group->generate(KeyAlgorithm::ecdsa_p256, "x")->label, "one");
}

TEST_F(TokenGroup, Abuse23AMemberWithAnotherKeyUnderTheSameIdIsPassedOver) {
  one_.fails = kOther;
  const auto group = this->group();
  EXPECT_EQ(signed_by(*group), "two");
  two_.fails = kOther;
  EXPECT_EQ(signed_by(*group), "HF-KEY-0005");
}

TEST_F(TokenGroup, APolicyIsEveryonesAndNotAskedTwice) {
  one_.fails = kPolicy;
  const auto group = this->group();
  EXPECT_EQ(signed_by(*group), "HF-P11-0016");
  EXPECT_EQ(two_.calls, 0);
}

TEST_F(TokenGroup, AfterAnAmbiguousFailureTheUseCountsWhateverTheOthersSay) {
  one_.fails = kIll;
  two_.fails = kMissing;
  const auto group = this->group();
  const auto made = group->sign({}, SignatureScheme::ecdsa_p256_sha256, {});
  ASSERT_FALSE(made);
  EXPECT_TRUE(may_have_signed(made.error())) << made.error().code;
  EXPECT_EQ(made.error().detail, "one: C_Sign");
}

TEST_F(TokenGroup, RestGrowsWithEachFailureAndAnIllMemberIsBetterThanNone) {
  one_.opens = two_.opens = false;
  const auto group = this->group();
  EXPECT_EQ(signed_by(*group), "HF-P11-0013");
  EXPECT_EQ(signed_by(*group), "HF-P11-0013") << "both rest, and both are tried all the same";
  EXPECT_EQ(one_.openings + two_.openings, 4);
  two_.opens = true;
  EXPECT_EQ(signed_by(*group), "two");
  one_.opens = true;
  clock_.advance(3s);
  EXPECT_EQ(signed_by(*group), "two") << "three failures: four seconds of rest";
  clock_.advance(1s);
  EXPECT_EQ(signed_by(*group), "one");
}

}  // namespace
}  // namespace hf::crypto
