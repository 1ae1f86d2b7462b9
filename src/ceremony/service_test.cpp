// Transcripts in the register, on both engines: what is taken, what it says, and what is refused.
#include "ceremony/service.h"

#include <limits>

#include "ceremony/ceremony_test.h"
#include "keys/register_test.h"
#include "support/test_database.h"

namespace hf::ceremony {
namespace {
using namespace fixture;

class Ceremonies : public hf::test::DatabaseTest {
 protected:
  Ceremonies() {
    put("ceremonies", {"ceremony-script"}, cast_.approver);
    put("firmware", {"mcuboot"}, other_);
  }
  void put(std::string name, std::vector<std::string> formats, const TestKey& key) {
    auto charter = keys::test::Cast().charter();
    charter.key = std::move(name);
    charter.policy.formats = std::move(formats);
    keys::test::put_key(*database_, clock_, charter, key);
  }
  [[nodiscard]] Service service() { return Service(*database_, clock_); }
  [[nodiscard]] std::string code_of(const std::string& transcript) {
    const auto done = service().import(transcript, actor_);
    return done ? done->known ? "known" : "ok" : std::string(done.error().code);
  }

  ManualClock clock_{kNow};
  ledger::Actor actor_{"user:test", "officer"};
  fixture::Cast cast_;
  TestKey other_{KeyAlgorithm::ecdsa_p256};
};
HF_BOTH_ENGINES(Ceremonies);

TEST_P(Ceremonies, AnApprovedScriptIsSeenBeforeItIsRunAndItsTranscriptAfterwards) {
  const auto envelope = cast_.sign(cast_.script());
  const auto digest = service().register_script(bytes_of(envelope), actor_);
  ASSERT_TRUE(digest) << digest.error().message << digest.error().detail;
  EXPECT_EQ(*digest, keys::digest_of(cast_.script()));
  EXPECT_EQ(service().register_script(bytes_of(envelope), actor_).value(), *digest);
  EXPECT_FALSE(service().sight(digest->substr(0, 8)).value().ceremony);
  EXPECT_EQ(service().transcript(*digest).error().code, "HF-CEREMONY-0013");

  const auto paper = Paper::whole(cast_);
  EXPECT_EQ(code_of(paper.text()), "ok");
  EXPECT_EQ(code_of(paper.text()), "known");
  const auto sight = service().sight(*digest).value();
  ASSERT_TRUE(sight.ceremony);
  EXPECT_EQ(sight.ceremony->outcome, "complete");
  EXPECT_EQ(sight.ceremony->lines, 11);
  ASSERT_EQ(sight.steps.size(), 3U);
  EXPECT_EQ(sight.steps[1].actual, kTool);
  EXPECT_EQ(sight.steps[0].witnesses, (std::vector<std::string>{"eva", "fay"}));
  EXPECT_TRUE(sight.alarms.empty());
  EXPECT_EQ(service().transcript(*digest).value(), paper.text());
  const auto lines = service().lines(std::numeric_limits<std::int64_t>::max(), 10).value();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].script.script, cast_.script());
  for (const auto* wrong : {"", "0123456", "ffffffff"})
    EXPECT_EQ(service().sight(wrong).error().code, "HF-CEREMONY-0013") << wrong;
}

TEST_P(Ceremonies, WhatNoKeyForScriptsSignedIsRefused) {
  auto stranger = cast_;
  stranger.approver = TestKey(KeyAlgorithm::ecdsa_p256);
  EXPECT_EQ(code_of(Paper::whole(stranger).text()), "HF-CEREMONY-0014");
  auto firmware = cast_;
  firmware.approver = other_;  // of the register, and for firmware alone
  EXPECT_EQ(code_of(Paper::whole(firmware).text()), "HF-CEREMONY-0014");
  EXPECT_EQ(service().register_script(bytes_of(firmware.sign(cast_.script())), actor_).error().code,
            "HF-CEREMONY-0014");
  EXPECT_TRUE(service().lines(std::numeric_limits<std::int64_t>::max(), 10).value().empty());
}

TEST_P(Ceremonies, OneThatIsNotOverOrIsTheSecondOfItsScriptIsRefused) {
  Paper half(cast_);
  half.first(cast_.script()).act(Paper::present()).confirm("dan");
  EXPECT_EQ(code_of(half.text()), "HF-CEREMONY-0015");
  EXPECT_EQ(code_of(Paper::whole(cast_).text().substr(0, 100)), "HF-CEREMONY-0007");
  EXPECT_EQ(code_of(Paper::whole(cast_).text()), "ok");
  Paper second(cast_);
  second.at = kNow + 24h;
  second.first(cast_.script()).act(Paper::present()).confirm("dan").confirm("eva").confirm("fay");
  second.act(Paper::tool()).confirm("dan").confirm("fay").act(Paper::done()).confirm("eva").confirm("fay");
  ASSERT_EQ(second.problem(), "none");
  EXPECT_EQ(code_of(second.text()), "HF-CEREMONY-0016");
}

TEST_P(Ceremonies, WhatDidNotGoAsTheScriptHasItIsAnAlarm) {
  Paper paper(cast_);
  paper.first(cast_.script()).act(Paper::present()).confirm("dan").confirm("eva").confirm("fay");
  paper.add({{"what", "attempt"},
             {"step", "tool"},
             {"actor", "dan"},
             {"witnesses", JsonArray{"fay"}},
             {"outcome", "differs"},
             {"expected", kTool},
             {"actual", std::string(64, 'c')},
             {"detail", "compare"}});
  auto excused = Paper::tool();
  excused["outcome"] = "exception", excused["actual"] = nullptr, excused["reason"] = "a slip of the pen";
  paper.act(excused).confirm("dan").confirm("fay").act(Paper::done()).confirm("eva").confirm("fay");
  const auto done = service().import(paper.text(), actor_);
  ASSERT_TRUE(done) << done.error().message << done.error().detail;
  ASSERT_EQ(done->alarms.size(), 2U);
  const auto sight = service().sight(done->script_sha256).value();
  ASSERT_EQ(sight.alarms.size(), 2U);
  EXPECT_EQ(sight.alarms[0].kind, "differs");
  EXPECT_EQ(sight.alarms[1].kind, "exception");
  EXPECT_EQ(sight.alarms[1].position, 2);
  EXPECT_EQ(sight.alarms[1].detail, "a slip of the pen");
  EXPECT_EQ(sight.steps[1].reason, "a slip of the pen");
}

}  // namespace
}  // namespace hf::ceremony
