// What the tests of ceremonies share: people with keys, a script, and a transcript on paper, which says whatever a test
// wants and is signed by whom it wants.
#pragma once

#include <gtest/gtest.h>
#include <map>

#include "ceremony/result.h"
#include "ceremony/template.h"
#include "keys/keys_test.h"
#include "pki/pki_test.h"
#include "pki/profile_digest.h"

namespace hf::ceremony::fixture {

using crypto::KeyAlgorithm;
using test::TestKey;
using namespace std::chrono_literals;

inline const Time kNow = time_of(1'795'000'000'000'000);  // 2026-11-18
inline const std::string kTool(64, 'a');

inline std::string envelope_of(const TestKey& key, std::string_view type, std::string_view payload) {
  const auto scheme = crypto::default_scheme_of(key.key().algorithm);
  return keys::envelope_text(type, bytes_of(payload), key.key(), scheme,
                             key.sign(scheme, keys::pre_authentication(type, bytes_of(payload))));
}

struct Cast {
  TestKey approver{KeyAlgorithm::ecdsa_p256};  // the manufacturer's, of scripts
  std::map<std::string, TestKey> keys;
  std::vector<keys::Approver> people;

  Cast() {
    for (const auto& [person, role] :
         {std::pair("dan", "administrator"), std::pair("eva", "custodian"), std::pair("fay", "witness")}) {
      const auto& key = keys.emplace(person, KeyAlgorithm::ecdsa_p256).first->second;
      people.push_back({.person = person, .name = person, .roles = {role}, .key = key.key()});
    }
  }
  [[nodiscard]] std::string sign(const CeremonyScript& script) const {
    return envelope_of(approver, keys::kCeremonyScriptType, keys::canonical(script));
  }
  [[nodiscard]] keys::Approval confirmation(const std::string& person, const std::string& by, std::string_view line,
                                            Time at, keys::Decision decision = keys::Decision::approve) const {
    keys::Approval approval{.statement = {std::string(line), decision, person, at}};
    const auto& key = keys.at(by);
    approval.signature =
        key.sign(crypto::default_scheme_of(key.key().algorithm), bytes_of(canonical(approval.statement)));
    return approval;
  }
  // Words, a digest and words again: no token.
  [[nodiscard]] CeremonyScript script() const {
    CeremonyScript script{.title = "Root",
                          .purpose = "test",
                          .place = "Brno",
                          .classes = {keys::KeyClass::device_ca},
                          .environment = keys::Environment::test,
                          .roles = {{"administrator"}, {"custodian"}, {"witness"}},
                          .people = people};
    script.steps = {{.id = "present",
                     .kind = StepKind::statement,
                     .actor = "administrator",
                     .witnesses = {"custodian", "witness"},
                     .text = "all are here",
                     .asks = "who else"},
                    {.id = "tool",
                     .kind = StepKind::digest,
                     .actor = "administrator",
                     .witnesses = {"witness"},
                     .text = "compare",
                     .expected = kTool,
                     .file = "holdfast"},
                    {.id = "done",
                     .kind = StepKind::statement,
                     .actor = "custodian",
                     .witnesses = {"witness"},
                     .text = "put it away"}};
    return script;
  }
};

class Paper {
 public:
  explicit Paper(const Cast& cast) : cast_(cast) {}

  Paper& first(const CeremonyScript& script) {
    return add({{"what", "ceremony"},
                {"type", "holdfast-ceremony-1"},
                {"envelope", trim(cast_.sign(script))},
                {"script", keys::digest_of(script)},
                {"run", std::string(32, 'b')},
                {"token", {{"label", "holdfast"}, {"manufacturer", "x"}, {"model", "y"}, {"serial", "1"}}},
                {"software", "holdfast"}});
  }
  Paper& add(JsonObject record) {
    record["n"] = head_.lines + 1;
    record["prev"] = to_hex(head_.hash);
    if (!record.contains("at")) record["at"] = format_rfc3339(at);
    text_ += canonical_json(record).value();
    const auto line =
        std::string_view(text_).substr(text_.rfind('\n') == std::string::npos ? 0 : text_.rfind('\n') + 1);
    head_ = {head_.lines + 1, crypto::sha256({bytes_of(line)})};
    text_ += '\n';
    at += 1s;
    return *this;
  }
  static JsonObject step(std::string_view id, std::int64_t position, std::string_view actor, JsonArray witnesses,
                         Json expected, Json actual, std::string_view outcome) {
    return {{"what", "step"},
            {"step", id},
            {"position", position},
            {"actor", actor},
            {"witnesses", std::move(witnesses)},
            {"outcome", outcome},
            {"expected", std::move(expected)},
            {"actual", std::move(actual)},
            {"reason", nullptr},
            {"result", nullptr}};
  }
  static JsonObject present() { return step("present", 1, "dan", {"eva", "fay"}, nullptr, "none", "recorded"); }
  static JsonObject tool() { return step("tool", 2, "dan", {"fay"}, Json(kTool), Json(kTool), "as_expected"); }
  static JsonObject done() { return step("done", 3, "eva", {"fay"}, nullptr, nullptr, "recorded"); }
  // The step's line, which the next confirmations are of.
  Paper& act(JsonObject record) {
    add(std::move(record));
    of_ = head_;
    return *this;
  }
  Paper& confirm(const std::string& person, std::string by = {}, keys::Decision decision = keys::Decision::approve) {
    const auto approval = cast_.confirmation(person, by.empty() ? person : by, to_hex(of_.hash), at, decision);
    return add({{"what", "confirm"}, {"of", of_.lines}, {"approval", keys::to_json(approval)}});
  }
  // The whole of Cast::script().
  static Paper whole(const Cast& cast) {
    Paper paper(cast);
    paper.first(cast.script()).act(present()).confirm("dan").confirm("eva").confirm("fay");
    paper.act(tool()).confirm("dan").confirm("fay").act(done()).confirm("eva").confirm("fay");
    return paper;
  }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string problem() const {  // "none"
    const auto read = read_transcript(text_);
    return read ? "none" : read.error().message;
  }

  Time at = kNow;

 private:
  const Cast& cast_;
  keys::JournalHead head_{}, of_{};
  std::string text_;
};

}  // namespace hf::ceremony::fixture
