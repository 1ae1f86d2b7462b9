// The transcript of a ceremony: an append-only file of lines that each name the hash of the one before
// (keys/signer/journal.h), whose first holds the approved script. The ceremony's only memory: who runs it and who
// imports it read it with the same eyes.
//
//   ceremony   {envelope, script, run, token, software}   the script as it was signed; the first line
//   begin      {step, actor, witnesses}                   the token is about to be used: on disk before it is
//   attempt    {step, actor, witnesses, outcome, expected, actual, detail}   it came out otherwise, or failed
//   step       {step, position, actor, witnesses, outcome, expected, actual, reason, result}   what was done
//   abandoned  {step, actor, witnesses, reason}           the ceremony ends here
//   confirm    {of, approval}                             a person's signature over line `of`: its hash is what the
//                                                         statement (keys/approval.h) names as request
//
// A step is done when its actor and all its witnesses have confirmed it. Each confirmation is over the hash of a line,
// and so over all that stands before it: nobody can alter an earlier line without every later signature.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/approval.h"
#include "keys/formats/ceremony_script.h"
#include "keys/formats/dsse_envelope.h"
#include "keys/signer/journal.h"

namespace hf::ceremony {

using keys::CeremonyScript, keys::CeremonyStep, keys::StepKind;

inline constexpr std::size_t kLinesMax = 16'384;

enum class Outcome {
  as_expected,  // it is what the script says
  recorded,     // the script says nothing beforehand: what it is was recorded
  exception,    // not done as the script has it, for a reason that all confirmed
  abandoned,    // the ceremony ended before this step was done
};
[[nodiscard]] std::string_view name_of(Outcome outcome);

struct Record {
  std::int64_t line = 0;
  crypto::Sha256 hash{};  // of the line
  Time at{};
  std::size_t position = 0;  // of the step in the script
  std::string step{}, actor{};
  std::vector<std::string> witnesses{};  // people, in the order of the script's roles
  Outcome outcome{};
  std::optional<std::string> expected{}, actual{}, reason{};
  JsonObject result{};  // what the step made (result.h)
  std::string text{};   // the line
  std::vector<keys::Approval> confirmations{};

  [[nodiscard]] std::vector<std::string> awaited() const;  // who has not confirmed it yet; the actor first
};

struct Attempt {
  std::int64_t line = 0;
  Time at{};
  std::size_t position = 0;
  std::string step{}, outcome{};  // "differs", "failed", "rejected"
  std::optional<std::string> expected{}, actual{};
  std::string detail{};
};

// Why these people cannot do the step. Empty: they can.
[[nodiscard]] std::string fault_of_people(const CeremonyScript& script, const CeremonyStep& step,
                                          std::string_view actor, const std::vector<std::string>& witnesses);
// What a line "step" or "abandoned" says, which is not held against a script yet. HF-CEREMONY-0007.
[[nodiscard]] Result<Record> record_of_line(std::int64_t line, const JsonObject& record);
// A confirmation of the record by one who has not confirmed it, with the credential that the script names. Empty: it
// is.
[[nodiscard]] std::string fault_of_confirmation(const CeremonyScript& script, const Record& record,
                                                const keys::Approval& approval);

class Transcript {
 public:
  // The next line, as it stands in the file; what does not follow from script and lines before is refused with the
  // reason. HF-CEREMONY-0007.
  Result<void> take(std::int64_t line, const JsonObject& record);

  [[nodiscard]] bool begun() const { return !run_.empty(); }
  [[nodiscard]] const CeremonyScript& script() const { return *script_; }
  [[nodiscard]] const std::string& script_sha256() const { return script_sha256_; }
  [[nodiscard]] const std::string& envelope() const { return envelope_; }
  [[nodiscard]] const std::string& run() const { return run_; }
  [[nodiscard]] const JsonObject& token() const { return token_; }
  [[nodiscard]] Time started_at() const { return started_at_; }
  [[nodiscard]] Time latest() const { return latest_; }  // of the lines

  [[nodiscard]] const std::vector<Record>& done() const { return done_; }  // confirmed by all
  [[nodiscard]] const std::optional<Record>& pending() const { return pending_; }
  [[nodiscard]] const std::vector<Attempt>& attempts() const { return attempts_; }
  [[nodiscard]] const Record* record_of(std::string_view step) const;  // done, and no exception
  [[nodiscard]] const CeremonyStep* next() const;                      // to be done or confirmed; null: it is over
  [[nodiscard]] bool complete() const { return begun() && done_.size() == script_->steps.size() && !abandoned(); }
  [[nodiscard]] bool abandoned() const { return !done_.empty() && done_.back().outcome == Outcome::abandoned; }
  [[nodiscard]] bool over() const { return complete() || abandoned(); }
  // Uses of the token for the next step that were begun, and of which no line says how they ended.
  [[nodiscard]] int open_begins() const { return open_begins_; }
  [[nodiscard]] std::int64_t interrupted() const { return interrupted_; }  // of all steps

  // What must come of the step, as far as script and earlier steps say it.
  [[nodiscard]] std::optional<std::string> expected_of(const CeremonyStep& step) const;

 private:
  Result<void> take_first(const JsonObject& record);
  Result<void> take_step(std::int64_t line, const JsonObject& record);
  Result<void> take_attempt(std::int64_t line, const JsonObject& record, Time at);
  Result<void> take_confirm(std::int64_t line, const JsonObject& record, Time at);

  std::shared_ptr<const CeremonyScript> script_ = std::make_shared<CeremonyScript>();  // shared by copies: steps stay
  std::string script_sha256_, envelope_, run_;
  JsonObject token_;
  Time started_at_{}, latest_{};
  std::vector<Record> done_;
  std::optional<Record> pending_;
  std::vector<Attempt> attempts_;
  int open_begins_ = 0;
  std::int64_t interrupted_ = 0;
};

// The envelope's script, if one of the keys signed it. HF-CEREMONY-0005 if none did; HF-CEREMONY-0001, HF-FORMAT-*.
[[nodiscard]] Result<CeremonyScript> approved_script(ByteView envelope, std::span<const crypto::PublicKey> keys);

struct ReadTranscript {
  Transcript transcript;
  keys::JournalHead head;
  std::string text;
};
// A whole file: every line canonical, chained and as take() has it. HF-CEREMONY-0007, HF-SIGNER-0002.
[[nodiscard]] Result<ReadTranscript> read_transcript(std::string_view text);

}  // namespace hf::ceremony
