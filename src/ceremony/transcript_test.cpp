// What of a transcript is taken, and what is refused: the same rule for the machine that writes it and for its import.
#include "ceremony/transcript.h"

#include "ceremony/ceremony_test.h"

namespace hf::ceremony {
namespace {
using namespace fixture;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Transcript, IsReadToItsEnd) {
  const Cast cast;
  const auto read = read_transcript(Paper::whole(cast).text());
  ASSERT_TRUE(read) << read.error().message;
  const auto& transcript = read->transcript;
  EXPECT_TRUE(transcript.complete());
  EXPECT_EQ(transcript.next(), nullptr);
  ASSERT_EQ(transcript.done().size(), 3U);
  EXPECT_EQ(transcript.done()[1].actual, kTool);
  EXPECT_EQ(transcript.done()[0].confirmations.size(), 3U);
  EXPECT_TRUE(transcript.attempts().empty());
  EXPECT_EQ(read->head.lines, 11);
  EXPECT_TRUE(approved_script(bytes_of(transcript.envelope()), std::span(&cast.approver.key(), 1)));
  const TestKey stranger(KeyAlgorithm::ecdsa_p256);
  EXPECT_EQ(approved_script(bytes_of(transcript.envelope()), std::span(&stranger.key(), 1)).error().code,
            "HF-CEREMONY-0005");
}

TEST(Transcript, EveryFlippedByteIsRefused) {
  const Cast cast;
  const auto paper = Paper::whole(cast);
  ASSERT_EQ(paper.problem(), "none");
  auto text = paper.text();
  std::size_t refused = 0, tried = 0;
  // The envelope is base64 within JSON; flipping each 41st byte keeps the test short and reaches every member.
  for (std::size_t i = 0; i < text.size(); i += 41) {
    const auto kept = text[i];
    text[i] = char(kept ^ 1);
    ++tried;
    const auto read = read_transcript(text);
    // What is read is verified against the approver's key by whoever reads: the envelope's signature is all that is
    // left.
    const bool held = read && read->transcript.over() &&
                      approved_script(bytes_of(read->transcript.envelope()), std::span(&cast.approver.key(), 1));
    if (!held) ++refused;
    else ADD_FAILURE() << "byte " << i << " of " << text.substr(i > 20 ? i - 20 : 0, 40);
    text[i] = kept;
  }
  EXPECT_EQ(refused, tried);
}

TEST(Transcript, RefusesTheWrongOrderAndTheWrongPeople) {
  const Cast cast;
  const auto begun = [&] { return Paper(cast).first(cast.script()); };
  const auto with = [](JsonObject record, std::string_view name, Json value) {
    record[name] = std::move(value);
    return record;
  };
  struct Case {
    std::string_view why;
    Paper paper;
  };
  const Case cases[] = {
      {"the next step is present", begun().act(Paper::tool())},
      {"is no administrator", begun().act(with(Paper::present(), "actor", "eva"))},
      {"is no custodian", begun().act(with(Paper::present(), "witnesses", JsonArray{"fay", "eva"}))},
      {"has 2 witnesses", begun().act(with(Paper::present(), "witnesses", JsonArray{"eva"}))},
      {"position", begun().act(with(Paper::present(), "position", 2))},
      {"what came of it", begun().act(with(Paper::present(), "outcome", "as_expected"))},
      {"what it expects", begun().act(with(Paper::present(), "expected", "none"))},
      {"was not entered", begun().act(with(Paper::present(), "actual", nullptr))},
      {"nothing comes of such a step", begun().act(with(Paper::present(), "result", JsonObject{{"x", 1}}))},
      {"an exception has a reason", begun().act(with(Paper::present(), "outcome", "exception"))},
      {"an exception has a reason", begun().act(with(Paper::present(), "reason", "because"))},
      {"/extra is not known", begun().act(with(Paper::present(), "extra", 1))},
      {"nothing to confirm", begun().confirm("dan")},
      {"waits to be confirmed", begun().act(Paper::present()).confirm("dan").act(Paper::tool())},
      {"has nothing to confirm there", begun().act(Paper::present()).confirm("dan").confirm("dan")},
      {"not by the credential", begun().act(Paper::present()).confirm("dan", "eva")},
      {"not by the credential", begun().act(Paper::present()).confirm("eva", "fay")},
      {"before that of an earlier line", begun().act(with(Paper::present(), "at", Json(format_rfc3339(kNow - 1h))))},
      {"the first line, and no other", begun().first(cast.script())},
      {"the first line, and no other", Paper(cast).act(Paper::present())},
      {"no ceremony writes", begun().add({{"what", "wish"}})},
      {"the ceremony was over", Paper::whole(cast).act(Paper::done())},
      {"does not use the token",
       begun().add({{"what", "begin"}, {"step", "present"}, {"actor", "dan"}, {"witnesses", JsonArray{"eva", "fay"}}})},
  };
  for (const auto& one : cases)
    EXPECT_TRUE(has(one.paper.problem(), one.why)) << one.why << ": " << one.paper.problem();
}

TEST(Transcript, RemembersWhatDifferedWasRejectedAndWasExcused) {
  const Cast cast;
  Paper paper(cast);
  paper.first(cast.script()).act(Paper::present()).confirm("dan").confirm("eva", "", keys::Decision::reject);
  paper.act(Paper::present()).confirm("dan").confirm("eva").confirm("fay");
  const std::string other(64, 'c');
  paper.add({{"what", "attempt"},
             {"step", "tool"},
             {"actor", "dan"},
             {"witnesses", JsonArray{"fay"}},
             {"outcome", "differs"},
             {"expected", kTool},
             {"actual", other},
             {"detail", "compare"}});
  auto excused = Paper::tool();
  excused["outcome"] = "exception", excused["actual"] = nullptr, excused["reason"] = "a slip of the pen";
  paper.act(excused).confirm("fay").confirm("dan");
  paper.act(
      {{"what", "abandoned"}, {"step", "done"}, {"actor", "eva"}, {"witnesses", JsonArray{"fay"}}, {"reason", "fire"}});
  EXPECT_FALSE(read_transcript(paper.text()).value().transcript.over());
  paper.confirm("eva").confirm("fay");
  const auto read = read_transcript(paper.text());
  ASSERT_TRUE(read) << read.error().message;
  const auto& transcript = read->transcript;
  EXPECT_TRUE(transcript.abandoned());
  ASSERT_EQ(transcript.attempts().size(), 2U);
  EXPECT_EQ(transcript.attempts()[0].outcome, "rejected");
  EXPECT_EQ(transcript.attempts()[1].actual, other);
  EXPECT_EQ(transcript.record_of("tool"), nullptr) << "an exception made nothing";
  EXPECT_EQ(transcript.done()[1].reason, "a slip of the pen");
  // A difference that is none is no attempt.
  Paper same(cast);
  same.first(cast.script()).act(Paper::present()).confirm("dan").confirm("eva").confirm("fay");
  same.add({{"what", "attempt"},
            {"step", "tool"},
            {"actor", "dan"},
            {"witnesses", JsonArray{"fay"}},
            {"outcome", "differs"},
            {"expected", kTool},
            {"actual", kTool},
            {"detail", ""}});
  EXPECT_TRUE(has(same.problem(), "does not differ")) << same.problem();
}

TEST(Transcript, BeginsOnlyWithinTheScriptsWindow) {
  const Cast cast;
  auto script = cast.script();
  script.not_before = kNow, script.not_after = kNow + 1h;
  const auto at = [&](Time time) {
    Paper paper(cast);
    paper.at = time;
    return paper.first(script).problem();
  };
  EXPECT_EQ(at(kNow), "none");
  EXPECT_EQ(at(kNow + 1h - 1us), "none");
  EXPECT_TRUE(has(at(kNow - 1us), "may begin at"));
  EXPECT_TRUE(has(at(kNow + 1h), "might have begun until"));
}

}  // namespace
}  // namespace hf::ceremony
