#include "ceremony/store.h"

namespace hf::ceremony {
namespace {

const db::Query kScript{"ceremony.script", R"sql(
    SELECT script_id, sha256, key_name, body, envelope, registered_at, entry_id FROM ceremony_script WHERE sha256 = $1)sql"};
const db::Query kDigestsFrom{"ceremony.digests_from", R"sql(
    SELECT sha256 FROM ceremony_script WHERE sha256 >= $1 AND sha256 < $2 ORDER BY sha256 LIMIT 2)sql"};
const db::Query kScripts{"ceremony.scripts", R"sql(
    SELECT script_id, sha256, key_name, body, envelope, registered_at, entry_id FROM ceremony_script
     WHERE script_id < $1 ORDER BY script_id DESC LIMIT $2)sql"};
const db::Query kCeremony{"ceremony.of_script", R"sql(
    SELECT ceremony_id, script_id, run, outcome, token, started_at, ended_at, lines, head, transcript_sha256, imported_at, entry_id
      FROM ceremony WHERE script_id = $1)sql"};
const db::Query kTranscript{"ceremony.transcript", "SELECT transcript FROM ceremony WHERE ceremony_id = $1"};
const db::Query kSteps{"ceremony.steps", R"sql(
    SELECT position, step, line, line_sha256, actor, witnesses, outcome, expected, actual, reason, made, done_at, confirmed_at, entry_id
      FROM ceremony_step WHERE ceremony_id = $1 ORDER BY position)sql"};
const db::Query kAlarms{"ceremony.alarms", R"sql(
    SELECT kind, position, detail FROM ceremony_alarm WHERE ceremony_id = $1 ORDER BY alarm_id)sql"};

const db::Query kInsertScript{"ceremony.insert_script", R"sql(
    INSERT INTO ceremony_script (script_id, entry_id, sha256, title, key_name, body, envelope, registered_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};
const db::Query kInsertCeremony{"ceremony.insert", R"sql(
    INSERT INTO ceremony (ceremony_id, entry_id, script_id, run, outcome, token, started_at, ended_at, lines, head, transcript_sha256,
                          transcript, imported_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13))sql"};
const db::Query kInsertStep{"ceremony.insert_step", R"sql(
    INSERT INTO ceremony_step (ceremony_step_id, entry_id, ceremony_id, position, step, line, line_sha256, actor, witnesses, outcome, expected,
                               actual, reason, made, done_at, confirmed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16))sql"};
const db::Query kInsertAlarm{"ceremony.insert_alarm", R"sql(
    INSERT INTO ceremony_alarm (alarm_id, entry_id, ceremony_id, position, kind, detail, raised_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7))sql"};

const ledger::ProvenTable kScriptTable{"ceremony_script", "script_id",
                                       "script_id, sha256, title, key_name, body, envelope, registered_at"};
const ledger::ProvenTable kCeremonyTable{
    "ceremony", "ceremony_id",
    "ceremony_id, script_id, run, outcome, token, started_at, ended_at, lines, head, "
    "transcript_sha256, transcript, imported_at"};
const ledger::ProvenTable kStepTable{
    "ceremony_step", "ceremony_step_id",
    "ceremony_step_id, ceremony_id, position, step, line, line_sha256, actor, witnesses, "
    "outcome, expected, actual, reason, made, done_at, confirmed_at"};
const ledger::ProvenTable kAlarmTable{"ceremony_alarm", "alarm_id",
                                      "alarm_id, ceremony_id, position, kind, detail, raised_at"};

struct Bodied {
  StoredScript stored;
  std::string body;
};
Bodied bodied(const db::Row& row) {
  Bodied read{{}, row.string(3)};
  auto& stored = read.stored;
  stored.row = row.int64(0), stored.sha256 = row.string(1), stored.key = row.string(2), stored.envelope = row.string(4);
  stored.registered_at = row.time(5), stored.entry = row.int64(6);
  return read;
}
Result<StoredScript> with_body(Bodied read) {
  HF_TRY(read.stored.script, keys::ceremony_script_of(bytes_of(read.body)));
  return std::move(read.stored);
}

StoredCeremony ceremony_of(const db::Row& row) {
  return {.row = row.int64(0),
          .script = row.int64(1),
          .run = row.string(2),
          .outcome = row.string(3),
          .token = row.string(4),
          .head = row.string(8),
          .transcript_sha256 = row.string(9),
          .started_at = row.time(5),
          .ended_at = row.time(6),
          .imported_at = row.time(10),
          .lines = row.int64(7),
          .entry = row.int64(11)};
}

JsonArray array_in(std::string_view text) {
  auto json = parse_json(text);
  return json && json->is_array() ? std::move(json->get_array()) : JsonArray();
}

StoredStep step_of(const db::Row& row) {
  StoredStep step{.position = row.int64(0),
                  .step = row.string(1),
                  .line_sha256 = row.string(3),
                  .actor = row.string(4),
                  .outcome = row.string(6),
                  .line = row.int64(2),
                  .expected = row.string_or_none(7),
                  .actual = row.string_or_none(8),
                  .reason = row.string_or_none(9),
                  .made = array_in(row.string(10)),
                  .done_at = row.time(11),
                  .confirmed_at = row.time(12),
                  .entry = row.int64(13)};
  for (const auto& one : array_in(row.string(5)))
    if (one.is_string()) step.witnesses.emplace_back(one.get_string());
  return step;
}

std::string first_of(const db::Row& row) { return row.string(0); }

}  // namespace

Result<std::optional<StoredScript>> Store::script(std::string_view sha256) const {
  HF_TRY(auto read, db_.find(kScript, bodied, sha256));
  if (!read) return std::optional<StoredScript>();
  HF_TRY(auto stored, with_body(*std::move(read)));
  return std::optional(std::move(stored));
}

Result<std::vector<std::string>> Store::digests_from(std::string_view beginning) const {
  return db_.select(kDigestsFrom, first_of, beginning, std::string(beginning) + "g");
}

Result<std::vector<StoredScript>> Store::scripts(std::int64_t before, std::int64_t limit) const {
  HF_TRY(auto rows, db_.select(kScripts, bodied, before, limit));
  std::vector<StoredScript> list;
  for (auto& row : rows) {
    HF_TRY(auto stored, with_body(std::move(row)));
    list.push_back(std::move(stored));
  }
  return list;
}

Result<std::optional<StoredCeremony>> Store::ceremony(std::int64_t script) const {
  return db_.find(kCeremony, ceremony_of, script);
}

Result<std::string> Store::transcript(std::int64_t ceremony) const {
  HF_TRY(auto text, db_.find(kTranscript, first_of, ceremony));
  return std::move(text).value_or(std::string());
}

Result<std::vector<StoredStep>> Store::steps(std::int64_t ceremony) const {
  return db_.select(kSteps, step_of, ceremony);
}

Result<std::vector<Alarm>> Store::alarms(std::int64_t ceremony) const {
  return db_.select(
      kAlarms,
      [](const db::Row& row) {
        return Alarm{row.string(0), row.int64(1), row.string(2)};
      },
      ceremony);
}

Result<std::int64_t> insert_script(ledger::Transaction& transaction, ledger::EntryId entry,
                                   const StoredScript& script) {
  auto& writer = transaction.db();
  HF_TRY(const auto row, writer.next_id());
  HF_CHECK(writer.execute(kInsertScript, row, entry, script.sha256, script.script.title, script.key,
                          keys::canonical(script.script), script.envelope, transaction.now()));
  HF_CHECK(transaction.prove(entry, kScriptTable, row));
  return row;
}

Result<std::int64_t> insert_ceremony(ledger::Transaction& transaction, ledger::EntryId entry, const StoredCeremony& one,
                                     std::string_view transcript) {
  auto& writer = transaction.db();
  HF_TRY(const auto row, writer.next_id());
  HF_CHECK(writer.execute(kInsertCeremony, row, entry, one.script, one.run, one.outcome, one.token, one.started_at,
                          one.ended_at, one.lines, one.head, one.transcript_sha256, transcript, transaction.now()));
  HF_CHECK(transaction.prove(entry, kCeremonyTable, row));
  return row;
}

Result<void> insert_step(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ceremony,
                         const StoredStep& one) {
  auto& writer = transaction.db();
  HF_TRY(const auto row, writer.next_id());
  HF_CHECK(writer.execute(kInsertStep, row, entry, ceremony, one.position, one.step, one.line, one.line_sha256,
                          one.actor, to_text(keys::list_of(one.witnesses)), one.outcome, one.expected, one.actual,
                          one.reason, to_text(one.made), one.done_at, one.confirmed_at));
  return transaction.prove(entry, kStepTable, row);
}

Result<void> insert_alarm(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ceremony,
                          const Alarm& alarm) {
  auto& writer = transaction.db();
  HF_TRY(const auto row, writer.next_id());
  HF_CHECK(
      writer.execute(kInsertAlarm, row, entry, ceremony, alarm.position, alarm.kind, alarm.detail, transaction.now()));
  return transaction.prove(entry, kAlarmTable, row);
}

}  // namespace hf::ceremony
