// The ledger on both engines: what is written together, how it is published, and that no change goes unseen.
#include "ledger/log.h"

#include <set>

#include "ledger/segment.h"
#include "ledger/verify.h"
#include "support/memory_key_store.h"
#include "support/test_database.h"

namespace hf::ledger {
namespace {

const db::Query kInsertThing{"test.ledger.insert_thing",
                             "INSERT INTO thing (thing_id, entry_id, name) VALUES ($1, $2, $3)"};
const ProvenTable kThing{"thing", "thing_id", "thing_id, name"};

class LedgerLog : public test::DatabaseTest {
 protected:
  LedgerLog() : log_(*database_, clock_, keys_, "example.eu/holdfast", "ledger") {
    sql("CREATE TABLE thing (thing_id BIGINT NOT NULL PRIMARY KEY, entry_id BIGINT NOT NULL, name TEXT NOT NULL)");
  }

  void sql(std::string text) {
    const auto done = database_->write([&](db::Writer& writer) { return writer.script(text); });
    ASSERT_TRUE(done) << done.error().detail;
  }
  // An attacker owns the database, and so its triggers too.
  void tamper(const std::string& table, const std::string& text) {
    if (GetParam() == db::Engine::sqlite)
      sql("DROP TRIGGER IF EXISTS " + table + "_no_update; DROP TRIGGER IF EXISTS " + table + "_no_delete; " + text);
    else sql("SET session_replication_role = replica; " + text + "; SET session_replication_role = origin");
  }

  EntryId add(std::int64_t id, const std::string& name) {
    const auto entry = write(*database_, clock_, {"user:test", "tester"}, [&](Transaction& t) -> Result<EntryId> {
      HF_TRY(const auto entry_id, t.append("thing.added", {"thing:" + name}, {{"name", name}}));
      HF_CHECK(t.db().execute(kInsertThing, id, entry_id, name));
      HF_CHECK(t.prove(entry_id, kThing, id));
      return entry_id;
    });
    EXPECT_TRUE(entry) << entry.error().detail;
    return *entry;
  }
  VerifyReport verify() { return verify_ledger(*database_, log_.verifier_key().value()).value(); }
  std::set<std::string> named() {
    std::set<std::string> names;
    for (const auto& finding : verify().findings) names.insert(finding.where);
    return names;
  }

  ManualClock clock_{parse_rfc3339("2026-11-23T08:00:00Z").value()};
  test::MemoryKeyStore keys_;
  Log log_;
};
HF_BOTH_ENGINES(LedgerLog);

TEST_P(LedgerLog, AnEntryIsProvenUnderASignedCheckpoint) {
  const auto first = add(1, "a"), second = add(2, "b");
  EXPECT_EQ(log_.prove(first).error().code, "HF-LEDGER-0009");
  EXPECT_EQ(log_.advance().value(), 2U);
  EXPECT_EQ(log_.advance().value(), 2U) << "nothing new, nothing signed";

  const auto key = log_.verifier_key().value();
  for (const auto id : {first, second}) {
    const auto proof = log_.prove(id).value();
    const auto entry = database_->read([&](const db::Reader& reader) { return Store(reader).entry(id); }).value();
    const auto head = verify_tlog_proof(proof, leaf_hash(bytes_of(entry->body)), std::span(&key, 1));
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->size, 2U);
    EXPECT_FALSE(verify_tlog_proof(proof, leaf_hash(bytes_of(entry->body + " ")), std::span(&key, 1)));
  }
  const auto report = verify();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.entries, 2U);
  EXPECT_EQ(report.rows, 2U);
}

TEST_P(LedgerLog, AClockThatGoesBackDoesNotTurnTheLogAround) {
  std::vector<EntryId> entries{add(1, "a")};
  EXPECT_TRUE(log_.advance());
  clock_.set(clock_.now() - std::chrono::hours(1));
  entries.push_back(add(2, "b"));
  entries.push_back(add(3, "c"));
  EXPECT_TRUE(log_.advance());
  clock_.advance(std::chrono::hours(2));
  entries.push_back(add(4, "d"));
  EXPECT_TRUE(log_.advance());
  Time before{};
  for (const auto id : entries) {
    const auto entry = database_->read([&](const db::Reader& reader) { return Store(reader).entry(id); }).value();
    EXPECT_GT(entry->recorded_at, before) << entry->body;
    before = entry->recorded_at;
    EXPECT_TRUE(log_.prove(id));
  }
  EXPECT_EQ(before, clock_.now()) << "the right time is taken again as soon as it is later";
  EXPECT_EQ(named(), std::set<std::string>{});
}

TEST_P(LedgerLog, AChangeWithoutEvidenceIsNotCommitted) {
  const auto done = write(*database_, clock_, {"user:test", "tester"},
                          [&](Transaction& t) { return t.db().execute(kInsertThing, 1, 0, "sneaky"); });
  EXPECT_EQ(done.error().code, "HF-LEDGER-0005");
  EXPECT_EQ(verify().rows, 0U);
}

TEST_P(LedgerLog, LedgerTablesRefuseUpdateAndDelete) {
  add(1, "a");
  ASSERT_TRUE(log_.advance());
  for (const auto* table : {"ledger_entry", "ledger_subject", "ledger_leaf", "ledger_node", "ledger_checkpoint"}) {
    const auto gone =
        database_->write([&](db::Writer& writer) { return writer.script("DELETE FROM " + std::string(table)); });
    EXPECT_EQ(gone.error().code, "HF-DB-0004") << table;
  }
  EXPECT_FALSE(
      database_->write([&](db::Writer& writer) { return writer.script("UPDATE ledger_entry SET kind = 'x'"); }));
  EXPECT_TRUE(verify().findings.empty());
}

TEST_P(LedgerLog, EveryAlteredPlaceIsFoundAndNamed) {
  std::vector<EntryId> ids;
  for (int i = 0; i < 300; ++i) ids.push_back(add(i, "n" + std::to_string(i)));
  ASSERT_TRUE(log_.advance());
  ASSERT_TRUE(verify().findings.empty());
  const auto id = std::to_string(ids[5].value);

  sql("UPDATE thing SET name = 'other' WHERE thing_id = 5");
  EXPECT_EQ(named(), std::set<std::string>{"row thing 5"});
  sql("UPDATE thing SET name = 'n5' WHERE thing_id = 5; DELETE FROM thing WHERE thing_id = 7");
  EXPECT_EQ(named(), std::set<std::string>{"row thing 7"});
  sql("INSERT INTO thing (thing_id, entry_id, name) VALUES (7, " + std::to_string(ids[7].value) +
      ", 'n7'), (999, 1, 'x')");
  EXPECT_EQ(named(), std::set<std::string>{"row thing 999"});
  sql("DELETE FROM thing WHERE thing_id = 999");
  ASSERT_TRUE(named().empty());

  tamper("ledger_node",
         "UPDATE ledger_node SET hash = (SELECT hash FROM ledger_node WHERE level = 0 AND position = 3) WHERE level = "
         "1 AND position = 0");
  EXPECT_EQ(named(), std::set<std::string>{"tile node 1/0"});
  EXPECT_EQ((add(1000, "late"), log_.advance().error().code), "HF-LEDGER-0008")
      << "a log that does not extend its checkpoint is not signed";
}

TEST_P(LedgerLog, WhatIsHiddenIsFoundAndNamed) {
  const auto first = add(1, "a"), second = add(2, "b");
  ASSERT_TRUE(log_.advance());
  const auto third = add(3, "c");
  ASSERT_TRUE(named().empty());
  const auto id = [](EntryId entry) { return std::to_string(entry.value); };
  tamper("ledger_subject", "DELETE FROM ledger_subject WHERE entry_id = " + id(first));
  tamper("ledger_subject", "INSERT INTO ledger_subject (subject, entry_id) VALUES ('thing:x', " + id(second) + ")");
  sql("DELETE FROM ledger_outbox");
  EXPECT_EQ(named(), (std::set<std::string>{"subjects of entry " + id(first), "subjects of entry " + id(second),
                                            "entry " + id(third)}));
}

TEST_P(LedgerLog, AnEntryProvesAnyNumberOfRowsAndStaysSmallEnoughForATile) {
  constexpr std::int64_t kRows = 2000;
  const auto entry = write(*database_, clock_, {"user:test", "tester"}, [&](Transaction& t) -> Result<EntryId> {
    std::vector<std::string> subjects;
    for (std::int64_t i = 0; i < kRows; ++i) subjects.push_back("thing:" + std::string(40, 'x') + std::to_string(i));
    HF_TRY(const auto made, t.append("things.added", subjects));
    for (std::int64_t i = 0; i < kRows; ++i) {
      HF_CHECK(t.db().execute(kInsertThing, i, made, "n" + std::to_string(i)));
      HF_CHECK(t.prove(made, kThing, i));
    }
    return made;
  });
  ASSERT_TRUE(entry) << entry.error().detail;
  ASSERT_TRUE(log_.advance());
  const auto report = verify();
  EXPECT_TRUE(report.findings.empty()) << report.findings.front().where << ": " << report.findings.front().what;
  EXPECT_EQ(report.rows, std::uint64_t(kRows));
  sql("UPDATE thing SET name = 'other' WHERE thing_id = 1234");
  EXPECT_EQ(named(), std::set<std::string>{"row thing 1234"});
  const auto too_large = write(*database_, clock_, {"user:test", "tester"}, [](Transaction& t) {
    return t.append("x", {}, {{"text", std::string(70'000, 'x')}});
  });
  EXPECT_EQ(too_large.error().code, "HF-LEDGER-0012");
}

TEST_P(LedgerLog, AnAlteredEntryIsNamedEvenWithItsHashMadeToFit) {
  const auto entry = add(1, "a");
  add(2, "b");
  ASSERT_TRUE(log_.advance());
  const auto text = database_->read([&](const db::Reader& reader) { return Store(reader).entry(entry); }).value()->body;
  auto forged = text;
  forged.replace(forged.find("user:test"), 9, "user:evil");
  const auto literal = [&](ByteView bytes) {
    return GetParam() == db::Engine::sqlite ? "x'" + to_hex(bytes) + "'" : "'\\x" + to_hex(bytes) + "'::bytea";
  };
  const auto where = " WHERE entry_id = " + std::to_string(entry.value);
  tamper("ledger_entry", "UPDATE ledger_entry SET body = " + literal(bytes_of(forged)) + where);
  EXPECT_TRUE(named().contains("entry " + std::to_string(entry.value)));
  tamper("ledger_entry", "UPDATE ledger_entry SET leaf_hash = " + literal(leaf_hash(bytes_of(forged))) + where);
  EXPECT_TRUE(named().contains("entry " + std::to_string(entry.value)));
  tamper("ledger_node",
         "UPDATE ledger_node SET hash = " + literal(leaf_hash(bytes_of(forged))) + " WHERE level = 0 AND position = 0");
  EXPECT_EQ(named(), std::set<std::string>{"checkpoint 2"})
      << "only the signature stands between an attacker and the past";
}

TEST_P(LedgerLog, ASegmentIsProvenByTheRootInItsEntry) {
  SegmentBuilder events;
  EXPECT_EQ(events.add(R"({"serial":"A1"})"), 0U);
  EXPECT_EQ(events.add(R"({"serial":"A2"})"), 1U);
  ASSERT_TRUE(write(*database_, clock_, {"system", "import"}, [&](Transaction& t) -> Result<EntryId> {
    HF_TRY(const auto entry, t.append("fleet.segment", {}));
    HF_CHECK(events.write(t, entry, 77));
    return entry;
  }));
  ASSERT_TRUE(log_.advance());
  const auto report = verify();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.events, 2U);
  const auto segment = database_->read([](const db::Reader& reader) { return Store(reader).segment(77); }).value();
  EXPECT_EQ(segment_events(segment->data).value()[1], R"({"serial":"A2"})");

  tamper("ledger_segment", "UPDATE ledger_segment SET events = 3");
  EXPECT_EQ(named(), std::set<std::string>{"segment 77"});
  tamper("ledger_segment", "DELETE FROM ledger_segment");
  EXPECT_EQ(named(), std::set<std::string>{"segment 77"});
  EXPECT_EQ(segment_events(bytes_of("garbage")).error().code, "HF-LEDGER-0011");
}

}  // namespace
}  // namespace hf::ledger
