#include "ceremony/service.h"

#include <algorithm>

#include "keys/store.h"

namespace hf::ceremony {
namespace {

struct Approver {
  std::string key;  // name
  crypto::PublicKey public_key;
};

// The key of the register that signed the script, as factory orders have it: its charter allows the format, and the
// version was not compromised. That people approved it is what the signer made sure of (keys/signer/custodian.h).
Result<Approver> approver_of(const db::Reader& reader, std::string_view text) {
  const auto refuse = [] {
    return fail(ErrorKind::forbidden, "HF-CEREMONY-0014",
                "the script is not signed by a key of the register that may sign ceremony-script");
  };
  HF_TRY(const auto envelope, keys::read_envelope(bytes_of(text), keys::kCeremonyScriptType));
  const keys::Store store(reader);
  HF_TRY(const auto name, store.key_with(envelope.hint));
  if (!name) return refuse();
  HF_TRY(const auto key, store.key(*name));
  if (!key || std::ranges::find(key->charter.policy.formats, "ceremony-script") == key->charter.policy.formats.end())
    return refuse();
  for (const auto& version : key->charter.versions) {
    if (version.state == keys::VersionState::compromised || to_hex(version.fingerprint) != envelope.hint) continue;
    HF_TRY(const auto row, store.version(key->id, version.version));
    const auto spki = from_hex(row ? row->spki : std::string());
    const auto known = crypto::public_key_of_spki(spki.value_or(Bytes()));
    if (known && keys::envelope_signer(envelope, keys::kCeremonyScriptType, std::span(&*known, 1)))
      return Approver{*name, *known};
  }
  return refuse();
}

Result<StoredScript> insert_if_new(ledger::Transaction& transaction, std::string_view envelope) {
  HF_TRY(const auto approver, approver_of(transaction.db(), envelope));
  StoredScript made{.key = approver.key, .envelope = std::string(envelope)};
  HF_TRY(made.script, approved_script(bytes_of(envelope), std::span(&approver.public_key, 1)));
  made.sha256 = keys::digest_of(made.script);
  HF_TRY(auto known, Store(transaction.db()).script(made.sha256));
  if (known) return *std::move(known);
  HF_TRY(const auto entry, transaction.append("ceremony.approved", {"ceremony:" + made.sha256, "key:" + made.key},
                                              {{"title", made.script.title},
                                               {"place", made.script.place},
                                               {"environment", keys::name_of(made.script.environment)},
                                               {"steps", std::int64_t(made.script.steps.size())}}));
  HF_TRY(made.row, insert_script(transaction, entry, made));
  return made;
}

std::vector<Alarm> alarms_of(const Transcript& transcript) {
  std::vector<Alarm> alarms;
  for (const auto& one : transcript.attempts()) {
    std::string detail = one.detail;
    if (one.outcome == "differs")
      detail = "expected " + one.expected.value_or("") + ", found " + one.actual.value_or("") + ": " + one.detail;
    alarms.push_back({one.outcome, std::int64_t(one.position) + 1, std::move(detail)});
  }
  for (const auto& one : transcript.done())
    if (one.outcome == Outcome::exception || one.outcome == Outcome::abandoned)
      alarms.push_back({std::string(name_of(one.outcome)), std::int64_t(one.position) + 1, one.reason.value_or("")});
  if (transcript.interrupted() > 0)
    alarms.push_back(
        {"interrupted", 0,
         std::to_string(transcript.interrupted()) +
             " uses of the token were begun of which nothing says how they ended: a signature or a key may "
             "exist that is in no step"});
  return alarms;
}

Result<StoredStep> row_of(const Transcript& transcript, const Record& record) {
  StoredStep step{.position = std::int64_t(record.position) + 1,
                  .step = record.step,
                  .line_sha256 = to_hex(record.hash),
                  .actor = record.actor,
                  .outcome = std::string(name_of(record.outcome)),
                  .witnesses = record.witnesses,
                  .line = record.line,
                  .expected = record.expected,
                  .actual = record.actual,
                  .reason = record.reason,
                  .done_at = record.at,
                  .confirmed_at = record.at};
  for (const auto& one : record.confirmations) step.confirmed_at = std::max(step.confirmed_at, one.statement.at);
  if (record.outcome == Outcome::as_expected || record.outcome == Outcome::recorded) {
    HF_TRY(const auto files, files_of(transcript, record));
    step.made = list_of(files);
  }
  return step;
}

}  // namespace

Result<std::string> Service::register_script(ByteView envelope, const ledger::Actor& actor) {
  // Known already: nothing is written.
  HF_TRY(const auto known, database_.read([&](const db::Reader& reader) -> Result<std::optional<std::string>> {
    HF_TRY(const auto approver, approver_of(reader, text_of(envelope)));
    HF_TRY(const auto script, approved_script(envelope, std::span(&approver.public_key, 1)));
    auto digest = keys::digest_of(script);
    HF_TRY(const auto stored, Store(reader).script(digest));
    return stored ? std::optional(std::move(digest)) : std::nullopt;
  }));
  if (known) return *known;
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<std::string> {
    HF_TRY(const auto made, insert_if_new(transaction, text_of(envelope)));
    return made.sha256;
  });
}

Result<Imported> Service::import(std::string_view text, const ledger::Actor& actor) {
  HF_TRY(const auto read, read_transcript(text));
  const auto& transcript = read.transcript;
  Imported done{.script_sha256 = transcript.script_sha256(),
                .run = transcript.run(),
                .steps = std::int64_t(transcript.done().size()),
                .alarms = alarms_of(transcript)};
  if (!transcript.over())
    return fail(
        ErrorKind::conflict, "HF-CEREMONY-0015",
        "the ceremony is not at its end: the next step is " + transcript.next()->id +
            (transcript.pending() ? ", which " + keys::joined(transcript.pending()->awaited()) + " did not confirm"
                                  : ""));
  StoredCeremony row{.run = transcript.run(),
                     .outcome = transcript.complete() ? "complete" : "abandoned",
                     .token = std::string(keys::text_at(transcript.token(), "label")) + ", serial " +
                              std::string(keys::text_at(transcript.token(), "serial")),
                     .head = to_hex(read.head.hash),
                     .transcript_sha256 = to_hex(crypto::sha256({bytes_of(text)})),
                     .started_at = transcript.started_at(),
                     .ended_at = transcript.latest(),
                     .lines = read.head.lines};
  // The same again: nothing is written.
  HF_TRY(done.known, database_.read([&](const db::Reader& reader) -> Result<bool> {
    HF_CHECK(approver_of(reader, transcript.envelope()));
    const Store store(reader);
    HF_TRY(const auto script, store.script(done.script_sha256));
    if (!script) return false;
    HF_TRY(const auto other, store.ceremony(script->row));
    if (other && other->head != row.head)
      return fail(ErrorKind::conflict, "HF-CEREMONY-0016",
                  "the script was run already, with another transcript (run " + other->run +
                      "): a script is for one ceremony. Find out why there are two");
    return other.has_value();
  }));
  if (done.known) return done;
  HF_CHECK(ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto script, insert_if_new(transaction, transcript.envelope()));
    row.script = script.row;
    JsonObject outputs;
    for (const auto& record : transcript.done()) {
      HF_TRY(const auto step, row_of(transcript, record));
      for (const auto& file : step.made) outputs[file.at("name").as_string()] = file.at("sha256");
    }
    HF_TRY(const auto entry, transaction.append("ceremony.held", {"ceremony:" + done.script_sha256, "run:" + row.run},
                                                {{"title", script.script.title},
                                                 {"outcome", row.outcome},
                                                 {"steps", done.steps},
                                                 {"alarms", std::int64_t(done.alarms.size())},
                                                 {"head", row.head},
                                                 {"transcript_sha256", row.transcript_sha256},
                                                 {"made", std::move(outputs)}}));
    HF_TRY(const auto id, insert_ceremony(transaction, entry, row, text));
    for (const auto& record : transcript.done()) {
      HF_TRY(const auto step, row_of(transcript, record));
      HF_CHECK(insert_step(transaction, entry, id, step));
    }
    for (const auto& alarm : done.alarms) HF_CHECK(insert_alarm(transaction, entry, id, alarm));
    return {};
  }));
  return done;
}

Result<Answer> Service::read_answer(ByteView response) const {
  HF_TRY(const auto envelope, script_of_response(response));
  HF_TRY(const auto approver, database_.read([&](const db::Reader& reader) { return approver_of(reader, envelope); }));
  return read_response(response, std::span(&approver.public_key, 1));
}

namespace {

Result<StoredScript> find_script(const Store& store, std::string_view digest) {
  const auto none = [&] {
    return fail(ErrorKind::not_found, "HF-CEREMONY-0013",
                "there is no ceremony '" + std::string(digest) + "'; 'holdfast ceremony list' lists them");
  };
  constexpr std::size_t kBeginningMin = 8, kDigits = 64;
  if (digest.size() < kBeginningMin || digest.size() > kDigits) return none();
  HF_TRY(const auto digests, store.digests_from(digest));
  if (digests.size() != 1) return none();
  HF_TRY(auto script, store.script(digests[0]));
  return *std::move(script);
}

}  // namespace

Result<Sight> Service::sight(std::string_view digest) const {
  return database_.read([&](const db::Reader& reader) -> Result<Sight> {
    const Store store(reader);
    Sight sight;
    HF_TRY(sight.script, find_script(store, digest));
    HF_TRY(sight.ceremony, store.ceremony(sight.script.row));
    if (sight.ceremony) {
      HF_TRY(sight.steps, store.steps(sight.ceremony->row));
      HF_TRY(sight.alarms, store.alarms(sight.ceremony->row));
    }
    return sight;
  });
}

Result<std::string> Service::transcript(std::string_view digest) const {
  return database_.read([&](const db::Reader& reader) -> Result<std::string> {
    const Store store(reader);
    HF_TRY(const auto script, find_script(store, digest));
    HF_TRY(const auto ceremony, store.ceremony(script.row));
    if (!ceremony)
      return fail(ErrorKind::not_found, "HF-CEREMONY-0013", "no transcript of this ceremony was imported yet");
    return store.transcript(ceremony->row);
  });
}

Result<std::vector<Line>> Service::lines(std::int64_t before, std::int64_t limit) const {
  return database_.read([&](const db::Reader& reader) -> Result<std::vector<Line>> {
    const Store store(reader);
    HF_TRY(auto scripts, store.scripts(before, limit));
    std::vector<Line> list;
    for (auto& script : scripts) {
      HF_TRY(auto ceremony, store.ceremony(script.row));
      std::size_t count = 0;
      if (ceremony) {
        HF_TRY(const auto alarms, store.alarms(ceremony->row));
        count = alarms.size();
      }
      list.push_back({std::move(script), std::move(ceremony), count});
    }
    return list;
  });
}

}  // namespace hf::ceremony
