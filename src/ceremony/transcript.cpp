#include "ceremony/transcript.h"

#include <algorithm>
#include <array>
#include <set>

#include "ceremony/result.h"

namespace hf::ceremony {
namespace {

using keys::number_at, keys::text_at;

constexpr std::string_view kType = "holdfast-ceremony-1";
constexpr std::size_t kValueMax = 2048, kPeopleMax = 16;
constexpr std::array<std::pair<Outcome, std::string_view>, 4> kOutcomes{{{Outcome::as_expected, "as_expected"},
                                                                         {Outcome::recorded, "recorded"},
                                                                         {Outcome::exception, "exception"},
                                                                         {Outcome::abandoned, "abandoned"}}};

auto refuse(std::int64_t line, std::string why) {
  return fail(ErrorKind::invalid, "HF-CEREMONY-0007",
              "the transcript does not hold at line " + std::to_string(line) + ": " + std::move(why));
}

// What every line has, beside what it says.
void common(keys::Fields& in) {
  for (const auto* name : {"n", "prev", "at", "what"}) static_cast<void>(in.find(name));
}

}  // namespace

std::string_view name_of(Outcome outcome) {
  const auto found = std::ranges::find(kOutcomes, outcome, &std::pair<Outcome, std::string_view>::first);
  return found == kOutcomes.end() ? std::string_view() : found->second;
}

std::vector<std::string> Record::awaited() const {
  std::vector<std::string> people{actor};
  people.insert(people.end(), witnesses.begin(), witnesses.end());
  std::erase_if(people, [&](const std::string& person) {
    return std::ranges::any_of(confirmations, [&](const auto& one) { return one.statement.person == person; });
  });
  return people;
}

const Record* Transcript::record_of(std::string_view step) const {
  const auto found = std::ranges::find(done_, step, &Record::step);
  return found == done_.end() || found->outcome == Outcome::exception || found->outcome == Outcome::abandoned ? nullptr
                                                                                                              : &*found;
}

const CeremonyStep* Transcript::next() const { return !begun() || over() ? nullptr : &script_->steps[done_.size()]; }

std::optional<std::string> Transcript::expected_of(const CeremonyStep& step) const {
  if (step.kind == StepKind::export_files) {
    const auto files = exported_files(*this, step);
    return files ? std::optional(digest_of_files(*files)) : std::nullopt;
  }
  if (step.kind == StepKind::sign_request || step.kind == StepKind::sign_crl) return step.request_sha256;
  return step.expected;
}

std::string fault_of_people(const CeremonyScript& script, const CeremonyStep& step, std::string_view actor,
                            const std::vector<std::string>& witnesses) {
  const auto has = [&](std::string_view role, std::string_view person) {
    const auto people = script.people_of(role);
    return std::ranges::find(people, person) != people.end();
  };
  if (!has(step.actor, actor)) return "'" + std::string(actor) + "' is no " + step.actor;
  if (witnesses.size() != step.witnesses.size())
    return "the step has " + std::to_string(step.witnesses.size()) + " witnesses: " + keys::joined(step.witnesses);
  std::set<std::string_view> all{actor};
  for (std::size_t i = 0; i < witnesses.size(); ++i) {
    if (!has(step.witnesses[i], witnesses[i])) return "'" + witnesses[i] + "' is no " + step.witnesses[i];
    if (!all.insert(witnesses[i]).second) return "'" + witnesses[i] + "' is there twice: a step has different people";
  }
  return {};
}

Result<Record> record_of_line(std::int64_t line, const JsonObject& record) {
  const bool abandoned = text_at(record, "what") == "abandoned";
  const auto at = parse_rfc3339(text_at(record, "at"));
  std::vector<keys::Fault> faults;
  const Json json(record);
  keys::Fields in(json, "", faults);
  common(in);
  Record made{.line = line, .at = at ? *at : Time{}, .step = in.text("step", 64)};
  made.actor = in.text("actor", 64);
  made.witnesses = in.texts("witnesses", kPeopleMax);
  made.outcome = Outcome::abandoned;
  made.reason = in.text_or_none("reason", kValueMax);
  if (!abandoned) {
    const auto word = in.text("outcome", 16);
    const auto found = std::ranges::find(kOutcomes, word, &std::pair<Outcome, std::string_view>::second);
    if (found == kOutcomes.end() || found->first == Outcome::abandoned) in.fault("outcome", "is none of a step");
    else made.outcome = found->first;
    made.expected = in.text_or_none("expected", kValueMax);
    made.actual = in.text_or_none("actual", kValueMax);
    made.position = std::size_t(in.integer("position", 1, std::int64_t(keys::kCeremonyStepsMax))) - 1;
    if (const auto* const result = in.find("result")) {
      if (const auto* const object = result->if_object()) made.result = *object;
      else in.fault("result", "is no object");
    }
  }
  in.close();
  if (!faults.empty()) return refuse(line, faults.front().pointer + " " + faults.front().what);
  const bool excused = made.outcome == Outcome::exception || abandoned;
  if (excused != made.reason.has_value() || (excused && made.reason->empty()))
    return refuse(line, "an exception has a reason, and nothing else has one");
  if (excused && !made.result.empty()) return refuse(line, "an exception has no result");
  HF_TRY(made.text, canonical_json(record));
  made.hash = crypto::sha256({bytes_of(made.text)});
  return made;
}

std::string fault_of_confirmation(const CeremonyScript& script, const Record& record, const keys::Approval& approval) {
  const auto& statement = approval.statement;
  if (statement.request != to_hex(record.hash)) return "it confirms another line";
  const auto awaited = record.awaited();
  if (std::ranges::find(awaited, statement.person) == awaited.end())
    return statement.person + " has nothing to confirm there";
  if (!keys::signer_of(approval, script.people))
    return "the signature is not by the credential that the script names for " + statement.person;
  return {};
}

Result<void> Transcript::take(std::int64_t line, const JsonObject& record) {
  const auto at = parse_rfc3339(text_at(record, "at"));
  if (!at || format_rfc3339(*at) != text_at(record, "at")) return refuse(line, "it has no time");
  if (*at < latest_) return refuse(line, "its time is before that of an earlier line");
  if (line > std::int64_t(kLinesMax)) return refuse(line, "a ceremony does not have so many lines");
  const auto what = text_at(record, "what");
  if (begun() == (what == "ceremony")) return refuse(line, "the first line, and no other, begins the ceremony");
  if (begun() && over()) return refuse(line, "the ceremony was over");
  latest_ = *at;
  if (what == "ceremony") {
    started_at_ = *at;
    if (auto taken = take_first(record); !taken) return refuse(line, taken.error().message);
    return {};
  }
  if (what == "step" || what == "abandoned") return take_step(line, record);
  if (what == "attempt" || what == "begin") return take_attempt(line, record, *at);
  if (what == "confirm") return take_confirm(line, record, *at);
  return refuse(line, "no ceremony writes '" + std::string(what) + "'");
}

Result<void> Transcript::take_first(const JsonObject& record) {
  std::vector<keys::Fault> faults;
  const Json json(record);
  keys::Fields in(json, "", faults);
  common(in);
  if (in.text("type") != kType) in.fault("type", "is another");
  const auto script = in.text("script", 64), run = in.text("run", 32);
  const auto* const text = in.find("envelope");
  in.text("software");
  in.object("token", [&](keys::Fields& token) {
    for (const auto* name : {"label", "manufacturer", "model", "serial"}) token_[name] = token.text(name);
  });
  in.close();
  if (!text || !text->is_string()) in.fault("envelope", "is missing");
  const auto octets = from_hex(run);
  if (!octets || octets->size() != 16 || to_hex(*octets) != run) in.fault("run", "32 hexadecimal digits are expected");
  if (!faults.empty())
    return fail(ErrorKind::invalid, "HF-CEREMONY-0007", faults.front().pointer + " " + faults.front().what);
  envelope_ = std::string(text->get_string());
  HF_TRY(const auto envelope, keys::read_envelope(bytes_of(envelope_), keys::kCeremonyScriptType));
  HF_TRY(auto read, keys::ceremony_script_of(envelope.payload));
  script_ = std::make_shared<const CeremonyScript>(std::move(read));
  script_sha256_ = keys::digest_of(*script_);
  if (script != script_sha256_)
    return fail(ErrorKind::invalid, "HF-CEREMONY-0007", "the script is not the one that the line names");
  if (const auto why = outside_window(*script_, started_at_); !why.empty())
    return fail(ErrorKind::invalid, "HF-CEREMONY-0007", why);
  run_ = run;
  return {};
}

Result<void> Transcript::take_attempt(std::int64_t line, const JsonObject& record, Time at) {
  if (pending_) return refuse(line, "a step waits to be confirmed");
  const bool begin = text_at(record, "what") == "begin";
  std::vector<keys::Fault> faults;
  const Json json(record);
  keys::Fields in(json, "", faults);
  common(in);
  Attempt attempt{.line = line, .at = at, .position = done_.size(), .step = in.text("step", 64)};
  const auto actor = in.text("actor", 64);
  const auto witnesses = in.texts("witnesses", kPeopleMax);
  if (!begin) {
    attempt.outcome = in.text("outcome", 16);
    attempt.expected = in.text_or_none("expected", kValueMax);
    attempt.actual = in.text_or_none("actual", kValueMax);
    attempt.detail = in.text("detail", 4096);
    if (attempt.outcome != "differs" && attempt.outcome != "failed")
      in.fault("outcome", "'differs' or 'failed' is expected");
  }
  in.close();
  if (!faults.empty()) return refuse(line, faults.front().pointer + " " + faults.front().what);
  const auto* const step = next();
  if (attempt.step != step->id) return refuse(line, "the next step is " + step->id);
  if (const auto why = fault_of_people(*script_, *step, actor, witnesses); !why.empty()) return refuse(line, why);
  if (begin) {
    if (!keys::uses_token(step->kind)) return refuse(line, "the step does not use the token");
    if (open_begins_ > 0) ++interrupted_;
    ++open_begins_;
    return {};
  }
  const auto expected = expected_of(*step);
  if (attempt.outcome == "differs" &&
      (!expected || attempt.expected != expected || !attempt.actual || attempt.actual == expected))
    return refuse(line, "it does not differ from what is expected");
  open_begins_ = 0;
  attempts_.push_back(std::move(attempt));
  return {};
}

Result<void> Transcript::take_step(std::int64_t line, const JsonObject& record) {
  if (pending_) return refuse(line, "a step waits to be confirmed");
  HF_TRY(auto made, record_of_line(line, record));
  const bool abandoned = made.outcome == Outcome::abandoned;
  const auto* const step = next();
  if (made.step != step->id) return refuse(line, "the next step is " + step->id);
  if (abandoned) made.position = done_.size();
  if (made.position != done_.size()) return refuse(line, "its position is not that of the step");
  if (const auto why = fault_of_people(*script_, *step, made.actor, made.witnesses); !why.empty())
    return refuse(line, why);
  const auto expected = abandoned ? std::nullopt : expected_of(*step);
  if (made.expected != expected) return refuse(line, "what it expects is not what script and earlier steps say");
  const bool excused = abandoned || made.outcome == Outcome::exception;
  if (!excused) {
    if (made.outcome != (expected ? Outcome::as_expected : Outcome::recorded) || (expected && made.actual != expected))
      return refuse(line, "what came of it is not what its outcome says");
    if (auto checked = check_result(*this, *step, made); !checked) return refuse(line, checked.error().message);
  }
  if (open_begins_ > 0 && excused) ++interrupted_;
  open_begins_ = 0;
  pending_ = std::move(made);
  return {};
}

Result<void> Transcript::take_confirm(std::int64_t line, const JsonObject& record, Time at) {
  if (!pending_) return refuse(line, "there is nothing to confirm");
  std::vector<keys::Fault> faults;
  const Json json(record);
  keys::Fields in(json, "", faults);
  common(in);
  const auto of = in.integer("of", 1, std::int64_t(kLinesMax));
  const auto* const said = in.find("approval");
  in.close();
  if (!faults.empty() || !said) return refuse(line, "it is no confirmation");
  auto approval = keys::approval_of(*said);
  if (!approval) return refuse(line, approval.error().message);
  const auto& statement = approval->statement;
  if (Json(keys::to_json(*approval)) != *said) return refuse(line, "the confirmation is not in its one form");
  if (of != pending_->line) return refuse(line, "it confirms another line");
  if (statement.at != at) return refuse(line, "its time is not that of the statement");
  if (const auto why = fault_of_confirmation(*script_, *pending_, *approval); !why.empty()) return refuse(line, why);
  if (statement.decision == keys::Decision::reject) {
    attempts_.push_back({line, at, pending_->position, pending_->step, "rejected", pending_->expected, pending_->actual,
                         statement.person + " does not confirm it"});
    pending_.reset();
    return {};
  }
  pending_->confirmations.push_back(*std::move(approval));
  if (pending_->awaited().empty()) {
    done_.push_back(*std::move(pending_));
    pending_.reset();
  }
  return {};
}

Result<CeremonyScript> approved_script(ByteView text, std::span<const crypto::PublicKey> keys) {
  HF_TRY(const auto envelope, keys::read_envelope(text, keys::kCeremonyScriptType));
  HF_TRY(auto script, keys::ceremony_script_of(envelope.payload));
  if (!keys::envelope_signer(envelope, keys::kCeremonyScriptType, keys))
    return fail(ErrorKind::forbidden, "HF-CEREMONY-0005",
                "the script is not approved: no key that is trusted here signed it. 'holdfast sign request --format "
                "ceremony-script' has it approved");
  return script;
}

Result<ReadTranscript> read_transcript(std::string_view text) {
  constexpr std::size_t kFileMax = 64U << 20;
  if (text.size() > kFileMax) return refuse(0, "it is larger than 64 MiB");
  ReadTranscript read{{}, {}, std::string(text)};
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = read.head.lines + 1;
    if (end == std::string_view::npos) return refuse(line, "it was cut off there");
    const auto one = text.substr(0, end);
    text.remove_prefix(end + 1);
    HF_TRY(const auto record, keys::follow(one, read.head));
    // One text a record: otherwise the last line, which none follows, could be written in two ways.
    const auto canonical = canonical_json(record);
    if (!canonical || *canonical != one) return refuse(line, "it is not canonical JSON (RFC 8785)");
    HF_CHECK(read.transcript.take(line, record));
  }
  if (!read.transcript.begun()) return refuse(1, "it is empty");
  return read;
}

}  // namespace hf::ceremony
