#include "ceremony/run.h"

#include <algorithm>

#include "ceremony/authority.h"
#include "crypto/random.h"
#include "crypto/verification.h"
#include "keys/formats/file.h"
#include "keys/signer/wire.h"

namespace hf::ceremony {
namespace {

namespace fs = std::filesystem;

auto bad_input(std::string why) {
  return fail(ErrorKind::invalid, "HF-CEREMONY-0009", "the step cannot begin: " + std::move(why));
}
auto nothing_to(std::string what) {
  return fail(ErrorKind::conflict, "HF-CEREMONY-0008", "there is nothing to " + std::move(what));
}

Json or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(nullptr); }

Result<Bytes> file_of(const fs::path& path, std::size_t max) {
  HF_TRY(const auto file, keys::SourceFile::open(path));
  return file.read_all(max);
}

Result<void> write_file(const fs::path& path, ByteView bytes) {
  HF_TRY(auto file, keys::TargetFile::create(path));
  HF_CHECK(file.write(bytes));
  return file.keep();
}

// For a line of the transcript: an error's text can hold the name of a file.
std::string plain(std::string text) {
  constexpr std::size_t kMax = 1024;
  if (text.size() > kMax) text.resize(kMax);
  for (auto& c : text)
    if (std::uint8_t(c) < 0x20 || std::uint8_t(c) > 0x7e) c = '?';
  return text;
}

}  // namespace

Result<std::unique_ptr<Run>> Run::open(const Machine& machine, ByteView envelope, const Clock& clock) {
  HF_TRY(const auto script, approved_script(envelope, machine.config().manufacturer));
  std::unique_ptr<Run> run(new Run(machine, clock));
  HF_TRY(run->folder_, machine.folder_of(keys::digest_of(script)));
  Result<void> taken;
  HF_TRY(run->journal_,
         keys::Journal::open(run->folder_ / "transcript", [&](std::int64_t line, const JsonObject& record) {
           if (taken) taken = run->transcript_.take(line, record);
         }));
  if (!taken) return fail(taken.error());
  if (run->transcript_.begun()) {
    if (run->transcript_.script() != script)
      return fail(ErrorKind::conflict, "HF-CEREMONY-0007",
                  "the transcript in " + run->folder_.string() + " is of another script");
    // Whoever put another transcript there had no approval for its script.
    HF_CHECK(approved_script(bytes_of(run->transcript_.envelope()), machine.config().manufacturer));
    for (const auto& record : run->transcript_.done()) HF_CHECK(run->keep_files(record));
    return run;
  }
  const auto at = clock.now();
  if (const auto why = outside_window(script, at); !why.empty())
    return fail(ErrorKind::forbidden, "HF-CEREMONY-0006", why);
  HF_TRY(const auto token, machine.token());
  HF_TRY(const auto info, token->info());
  constexpr std::size_t kRun = 16;
  HF_CHECK(run->write(
      {{"what", "ceremony"},
       {"type", "holdfast-ceremony-1"},
       {"envelope", trim(text_of(envelope))},
       {"script", keys::digest_of(script)},
       {"run", to_hex(crypto::random_bytes(kRun))},
       {"token",
        {{"label", info.label}, {"manufacturer", info.manufacturer}, {"model", info.model}, {"serial", info.serial}}},
       {"software", "holdfast"}},
      at));
  return run;
}

Time Run::now() const { return std::max(clock_.now(), transcript_.latest()); }

// Judged as whoever imports the transcript will, and only then on disk.
Result<void> Run::write(JsonObject record, Time at) {
  const auto head = journal_->head();
  record["n"] = head.lines + 1;
  record["prev"] = to_hex(head.hash);
  record["at"] = format_rfc3339(at);
  auto next = transcript_;
  HF_CHECK(next.take(head.lines + 1, record));
  HF_CHECK(journal_->append(at, record));
  transcript_ = std::move(next);
  return {};
}

Result<const CeremonyStep*> Run::open_step(const Input& input) const {
  const auto* const step = transcript_.next();
  if (!step) return nothing_to("do: the ceremony is over");
  if (transcript_.pending()) return nothing_to("do: the step " + step->id + " waits to be confirmed");
  if (const auto why = fault_of_people(transcript_.script(), *step, input.actor, input.witnesses); !why.empty())
    return bad_input(why);
  return step;
}

bool Run::wants_certificate(const CeremonyStep& step) const {
  return step.ca_sha256 && !machine_.certificate(*step.ca_sha256);
}

Result<void> Run::perform(const Input& input) {
  HF_TRY(const auto step, open_step(input));
  const auto at = now();
  JsonObject record{{"step", step->id}, {"actor", input.actor}, {"witnesses", keys::list_of(input.witnesses)}};
  const auto expected = transcript_.expected_of(*step);
  const auto attempt = [&](std::string_view outcome, const std::optional<std::string>& actual,
                           std::string_view detail) {
    auto line = record;
    line["what"] = "attempt", line["outcome"] = outcome;
    line["expected"] = or_null(expected), line["actual"] = or_null(actual), line["detail"] = detail;
    return write(std::move(line), now());
  };
  auto done = act(*step, input, at);
  if (!done) {
    if (done.error().code == "HF-CEREMONY-0009") return fail(done.error());  // nothing was tried
    HF_CHECK(attempt("failed", {}, plain(std::string(done.error().code) + ": " + done.error().message)));
    return fail(done.error());
  }
  if (expected && done->actual != expected) {
    HF_CHECK(attempt("differs", done->actual, step->text));
    return fail(ErrorKind::conflict, "HF-CEREMONY-0010",
                "the step " + step->id + " is not what the script expects, and the ceremony stops: expected " +
                    *expected + ", found " + done->actual.value_or("nothing") +
                    ". It can be done again, or go on as an exception with a reason that all its people sign");
  }
  record["what"] = "step";
  record["position"] = std::int64_t(transcript_.done().size()) + 1;
  record["outcome"] = name_of(expected ? Outcome::as_expected : Outcome::recorded);
  record["expected"] = or_null(expected);
  record["actual"] = or_null(done->actual);
  record["reason"] = nullptr;
  record["result"] = done->result.empty() ? Json(nullptr) : Json(std::move(done->result));
  return write(std::move(record), now());
}

Result<void> Run::except(const Input& people, std::string_view reason) {
  HF_TRY(const auto step, open_step(people));
  if (trim(reason).empty() || !keys::is_plain(reason))
    return fail(ErrorKind::invalid, "HF-CEREMONY-0012", "an exception has a reason, in words");
  return write({{"what", "step"},
                {"step", step->id},
                {"position", std::int64_t(transcript_.done().size()) + 1},
                {"actor", people.actor},
                {"witnesses", keys::list_of(people.witnesses)},
                {"outcome", name_of(Outcome::exception)},
                {"expected", or_null(transcript_.expected_of(*step))},
                {"actual", nullptr},
                {"reason", reason},
                {"result", nullptr}},
               now());
}

Result<void> Run::abandon(const Input& people, std::string_view reason) {
  HF_TRY(const auto step, open_step(people));
  if (trim(reason).empty() || !keys::is_plain(reason))
    return fail(ErrorKind::invalid, "HF-CEREMONY-0012", "a ceremony is abandoned for a reason, in words");
  return write({{"what", "abandoned"},
                {"step", step->id},
                {"actor", people.actor},
                {"witnesses", keys::list_of(people.witnesses)},
                {"reason", reason}},
               now());
}

Result<keys::Statement> Run::statement(std::string_view person, keys::Decision decision) const {
  if (!transcript_.pending()) return nothing_to("confirm");
  return keys::Statement{to_hex(transcript_.pending()->hash), decision, std::string(person), now()};
}

Result<void> Run::confirm(const keys::Approval& approval) {
  if (!transcript_.pending()) return nothing_to("confirm");
  const auto done = transcript_.done().size();
  if (auto why = fault_of_confirmation(transcript_.script(), *transcript_.pending(), approval); !why.empty())
    return fail(ErrorKind::forbidden, "HF-CEREMONY-0011", "the confirmation is not taken: " + std::move(why));
  if (approval.statement.at < transcript_.latest())
    return fail(ErrorKind::forbidden, "HF-CEREMONY-0011",
                "the confirmation is not taken: its statement is an earlier one");
  HF_CHECK(write({{"what", "confirm"}, {"of", transcript_.pending()->line}, {"approval", keys::to_json(approval)}},
                 approval.statement.at));
  if (transcript_.done().size() > done) return keep_files(transcript_.done().back());
  return {};
}

Result<void> Run::keep_files(const Record& record) const {
  if (record.outcome != Outcome::as_expected && record.outcome != Outcome::recorded) return {};
  HF_TRY(const auto files, files_of(transcript_, record));
  for (const auto& file : files) {
    const auto there = file_of(folder_ / file.name, file.content.size());
    if (!there || *there != file.content) HF_CHECK(write_file(folder_ / file.name, file.content));
  }
  const auto& step = transcript_.script().steps[record.position];
  if (step.kind != StepKind::self_sign_root) return {};
  HF_TRY(const auto der, root_of_step(transcript_, step.id));
  return machine_.keep_certificate(der);
}

}  // namespace hf::ceremony
