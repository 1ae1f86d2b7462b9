#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "catalog/service.h"
#include "fleet/report_reader.h"
#include "fleet/service.h"
#include "ledger/log.h"
#include "ledger/verify.h"
#include "support/memory_key_store.h"
#include "support/test_database.h"

namespace hf::fleet {
namespace {

const db::Query kCensus{"test.fleet.census",
                        "SELECT configuration_id, market, batch_id, state, devices FROM census WHERE devices > 0"};
const db::Query kRecount{"test.fleet.recount", R"sql(
    SELECT configuration_id, market, batch_id, state, COUNT(*) FROM device GROUP BY configuration_id, market, batch_id, state)sql"};

class Fleet : public test::DatabaseTest {
 protected:
  Fleet() {
    add("manufacturer", R"({"code":"acme","name":"ACME","country":"DE"})");
    add("product", R"({"code":"px","manufacturer":"acme","name":"PX","product_class":"default"})");
    for (const auto* module : {"fw", "boot"})
      add("module", R"({"product":"px","code":")" + std::string(module) + R"(","name":"M","kind":"firmware"})");
    add("hardware_revision", R"({"product":"px","code":"rev-a","name":"Rev A"})");
    for (const auto* build :
         {"fw\",\"version\":\"1.0", "fw\",\"version\":\"1.1", "fw\",\"version\":\"1.2", "boot\",\"version\":\"1"})
      add("build", R"({"module":"px/)" + std::string(build) + "\"}");
    add("release",
        R"({"product":"px","version":"r1","kind":"security","security_version":1,"builds":[{"build":"px/fw/1.0"},{"build":"px/boot/1"}]})");
    add("batch",
        R"({"product":"px","code":"b1","hardware_revision":"px/rev-a","release":"px/r1","name":"B","factory":"F","authorised_quantity":200})");
    add("batch",
        R"({"product":"px","code":"b2","hardware_revision":"px/rev-a","name":"B","factory":"F","authorised_quantity":3})");
  }
  void add(std::string_view entity, const std::string& json) {
    const auto record = parse_json(json).value();
    const auto done = ledger::write(*database_, clock_, {"user:test", "engineer"}, [&](ledger::Transaction& t) {
      return catalog::create(t, *catalog::find_entity(entity), record.get_object());
    });
    if (!done) throw std::runtime_error(done.error().message);
  }
  Result<ImportSummary> import(const std::string& text) {
    std::istringstream in(text);
    ImportReader reader(in);
    Importer importer(*database_, clock_, {"factory:brno", "factory"});
    while (auto record = reader.next()) HF_CHECK(importer.add(std::move(*record)));
    return importer.finish();
  }
  using Counts = std::map<std::tuple<std::int64_t, std::string, std::int64_t, std::string>, std::int64_t>;
  Counts counts(const db::Query& query) {
    Counts counted;
    EXPECT_TRUE(database_->read([&](const db::Reader& reader) {
      return reader.each(query, [&](const db::Row& row) {
        counted[{row.int64(0), row.string(1), row.int64(2), row.string(3)}] = row.int64(4);
        return true;
      });
    }));
    return counted;
  }

  ManualClock clock_{parse_rfc3339("2026-11-23T08:00:00Z").value()};
};
HF_BOTH_ENGINES(Fleet);

TEST_P(Fleet, CsvAndNdjsonGiveTheSameUnits) {
  const auto csv = import(
      "\xef\xbb\xbf"
      "batch,serial,market,builds\r\npx/b1,A1,DE,\r\npx/b1,\"A2\",FR,px/fw/1.1;px/boot/1\r\n");
  ASSERT_TRUE(csv) << csv.error().message;
  EXPECT_EQ(csv->imported, 2U);
  const auto json = import(R"({"batch":"px/b1","serial":"A1","market":"DE"}
{"batch":"px/b1","serial":"A2","market":"FR","builds":["px/boot/1","px/fw/1.1"]}
{"batch":"px/b1","serial":"A3","market":"FR"})");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->unchanged, 2U);
  EXPECT_EQ(json->imported, 1U);
  EXPECT_EQ(counts(kCensus), counts(kRecount));
}

TEST_P(Fleet, EveryBadLineIsNamedAndTheGoodOnesStay) {
  const std::string digest(64, 'a');
  const auto summary = import(
      "batch,serial,market,builds,certificate_sha256\n"
      "px/b1,A1,DE,," +
      digest +
      "\n"               // 2
      "px/b1,A1,DE,,\n"  // 3: twice
      "px/b1,A2,DE,," +
      digest +
      "\n"                                  // 4: the same certificate
      "px/nope,A3,DE,,\n"                   // 5: no batch
      "px/b1,=cmd(),DE,,\n"                 // 6: a formula is no serial
      "px/b1,A4,de,,\n"                     // 7: market
      "px/b1,A5,DE,px/fw/9.9,\n"            // 8: no build
      "px/b1,A6,DE,px/fw/1.0;px/fw/1.1,\n"  // 9: two builds of a module
      "px/b1,A7,DE\n"                       // 10: cells
      "px/b1,A8,DE,,\n"                     // 11
      "px/b2,B1,DE,,\n");                   // 12: the batch flashes no release
  ASSERT_TRUE(summary) << summary.error().message;
  std::vector<std::uint64_t> lines;
  for (const auto& error : summary->errors) lines.push_back(error.line);
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{3, 4, 5, 6, 7, 8, 9, 10, 12})) << "in their order";
  EXPECT_EQ(summary->imported, 2U);
  EXPECT_EQ(counts(kCensus), counts(kRecount));
}

// PostgreSQL takes no U+0000 and no broken UTF-8: the line is refused, not the whole import, and alike on both engines.
TEST_P(Fleet, HostilePathsAreRefusedByLine) {
  std::string csv = "batch,serial,market,builds,hardware_revision\n";
  const std::string long_path = "x" + std::string(120, '\xc3') + "px/fw/1.0";
  for (const auto& path :
       {std::string("a\0b", 3), std::string("\xff"), std::string("\x1b[2J"), long_path, std::string(300, 'x')}) {
    csv += path + ",A1,DE,,\npx/b1,A1,DE," + path + ",\npx/b1,A1,DE,," + path + "\n";
  }
  const auto summary = import(csv + "px/b1,A1,DE,px/fw/1.0,\n");
  ASSERT_TRUE(summary) << summary.error().message << summary.error().detail;
  EXPECT_EQ(summary->imported, 1U);
  EXPECT_EQ(summary->refused, 15U);
  for (const auto& [line, error] : summary->errors)
    EXPECT_TRUE(error.code == "HF-FLEET-0001" && is_utf8(error.message)) << line << error.message;

  std::string euros;  // each of three bytes: a cut anywhere would halve one
  for (int i = 0; i < 80; ++i) euros += "\xe2\x82\xac";
  const auto unknown = import("batch,serial,market,builds\n" + euros + ",A2,DE,\npx/b1,A2,DE," + euros + "\n");
  ASSERT_EQ(unknown->errors.size(), 2U);
  for (const auto& [line, error] : unknown->errors) EXPECT_TRUE(is_utf8(error.message)) << error.message;

  std::istringstream reports(
      "{\"product\":\"p\\u0000\",\"serial\":\"A1\",\"builds\":[\"px/fw/"
      "1.0\"]}\n{\"product\":\"px\",\"serial\":\"A1\",\"builds\":[\"\\u0000\"]}\n"
      "{\"product\":\"px\",\"serial\":\"" +
      euros + "\",\"builds\":[\"px/fw/1.1\"]}\n{\"product\":\"px\",\"serial\":\"A1\",\"builds\":[\"px/fw/1.1\"]}\n");
  clock_.advance(std::chrono::seconds(1));
  const auto reported = take_reports(*database_, clock_, {"user:test", "engineer"}, reports);
  ASSERT_TRUE(reported) << reported.error().message << reported.error().detail;
  EXPECT_EQ(reported->moved, 1U);
  ASSERT_EQ(reported->errors.size(), 3U);
  EXPECT_EQ(reported->errors[2].error.code, "HF-FLEET-0006");
  EXPECT_EQ(reported->errors[2].error.message, "no unit with that serial of this product is registered");
}

TEST_P(Fleet, ABatchIsNeverOverItsQuantity) {
  std::string csv = "batch,serial,market,builds\n";
  for (int i = 0; i < 5; ++i) csv += "px/b2,B" + std::to_string(i) + ",DE,px/fw/1.0\n";
  const auto first = import(csv);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->imported, 3U);
  EXPECT_EQ(first->errors.at(0).error.code, "HF-FLEET-0007");
  const auto again = import(csv);
  EXPECT_EQ(again->unchanged, 3U);
  EXPECT_EQ(again->imported, 0U);
}

TEST_P(Fleet, AContradictionToWhatIsRegisteredIsRefused) {
  ASSERT_EQ(import("batch,serial,market\npx/b1,A1,DE\n")->imported, 1U);
  const auto summary = import("batch,serial,market\npx/b1,A1,FR\npx/b1,A2,FR\n");
  EXPECT_EQ(summary->errors.at(0).error.code, "HF-FLEET-0005");
  EXPECT_EQ(summary->imported, 1U);
}

TEST_P(Fleet, AWrongHeaderStopsTheImport) {
  EXPECT_EQ(import("batch,serial,colour\n").error().code, "HF-FLEET-0002");
  EXPECT_EQ(import("batch,serial\n").error().code, "HF-FLEET-0002");
  EXPECT_EQ(import("batch,serial,market,batch\n").error().code, "HF-FLEET-0002");
  EXPECT_EQ(import("")->lines, 0U);
}

// The counters after any mix of imports and reports are what a count over the devices says, and the ledger proves all.
TEST_P(Fleet, CountersAlwaysAgreeWithARecount) {
  std::mt19937 random(7);
  const std::vector<std::string> markets{"DE", "FR", "IT"}, versions{"1.0", "1.1", "1.2"};
  std::string csv = "batch,serial,market\n";
  for (int i = 0; i < 150; ++i) csv += "px/b1,S" + std::to_string(i) + "," + markets[random() % 3] + "\n";
  ASSERT_EQ(import(csv)->imported, 150U);
  for (int round = 0; round < 10; ++round) {
    clock_.advance(std::chrono::seconds(round == 5 ? -100 : 1));  // the clock may go back
    std::vector<RunningReport> reports;
    for (int i = 0; i < 30; ++i)
      reports.push_back({"px", "S" + std::to_string(random() % 160), {"px/fw/" + versions[random() % 3], "px/boot/1"}});
    const auto outcomes = report_running(*database_, clock_, {"device", "device"}, reports);
    ASSERT_TRUE(outcomes) << outcomes.error().message << outcomes.error().detail;
    for (std::size_t i = 0; i < reports.size(); ++i) {
      const bool registered = std::stoi(reports[i].serial.substr(1)) < 150;
      if (!registered) {
        EXPECT_EQ((*outcomes)[i].error->code, "HF-FLEET-0006");
      }
    }
    EXPECT_EQ(counts(kCensus), counts(kRecount));
  }
  test::MemoryKeyStore keys;
  ledger::Log log(*database_, clock_, keys, "example.eu/log", "ledger");
  ASSERT_TRUE(log.advance());
  const auto report = ledger::verify_ledger(*database_, log.verifier_key().value());
  ASSERT_TRUE(report);
  for (const auto& finding : report->findings) ADD_FAILURE() << finding.where << ": " << finding.what;
  EXPECT_GE(report->events, 150U);
}

TEST_P(Fleet, EveryAlteredDeviceRowIsFoundAndNamed) {
  const std::string digest(64, 'a');
  ASSERT_EQ(import("batch,serial,market,certificate_sha256\npx/b1,A1,DE," + digest + "\npx/b1,A2,FR,\npx/b1,A3,IT,\n")
                ->imported,
            3U);
  for (const auto* version : {"1.1", "1.2"}) {
    clock_.advance(std::chrono::seconds(1));
    ASSERT_EQ(report_running(*database_, clock_, {"device", "device"},
                             {{"px", "A1", {std::string("px/fw/") + version, "px/boot/1"}}})
                  ->at(0)
                  .what,
              ReportOutcome::moved);
  }
  test::MemoryKeyStore keys;
  ledger::Log log(*database_, clock_, keys, "example.eu/log", "ledger");
  ASSERT_TRUE(log.advance());
  const auto sql = [&](const std::string& text) {
    const auto done = database_->write([&](db::Writer& writer) { return writer.script(text); });
    ASSERT_TRUE(done) << text << done.error().detail;
  };
  const auto named = [&] {
    std::set<std::string> names;
    const auto report = ledger::verify_ledger(*database_, log.verifier_key().value());
    EXPECT_TRUE(report) << report.error().detail;
    for (const auto& finding : report->findings) names.insert(finding.where);
    return names;
  };
  using Names = std::set<std::string>;
  ASSERT_EQ(named(), Names{});
  sql("CREATE TABLE kept AS SELECT * FROM device; CREATE TABLE kept_past AS SELECT * FROM device_past; CREATE TABLE "
      "kept_credential AS SELECT * FROM device_credential");
  const std::string now = "(SELECT since FROM kept WHERE serial = 'A1')", first = "(SELECT MIN(since) FROM kept_past)",
                    second = "(SELECT MAX(since) FROM kept_past)";
  const std::vector<std::pair<std::string, Names>> cases{
      {"UPDATE device SET market = 'ES' WHERE serial = 'A2'", {"device px A2"}},
      {"UPDATE device SET state = 'retired' WHERE serial = 'A2'", {"device px A2"}},
      {"UPDATE device SET serial = 'A9' WHERE serial = 'A2'", {"device px A2"}},  // and A9 is found by nobody
      {"UPDATE device SET since = since + 1 WHERE serial = 'A3'", {"device px A3"}},
      {"UPDATE device SET position = position + 1 WHERE serial = 'A3'", {"device px A3"}},
      {"UPDATE device SET batch_id = (SELECT batch_id FROM batch WHERE path = 'px/b2') WHERE serial = 'A3'",
       {"device px A3"}},
      {"UPDATE device SET configuration_id = (SELECT configuration_id FROM kept WHERE serial = 'A1') WHERE serial = "
       "'A2'",
       {"device px A2"}},
      {"DELETE FROM device WHERE serial = 'A3'", {"device px A3"}},
      {"DELETE FROM device_past WHERE since = " + first, {"device px A1"}},
      {"UPDATE device_past SET until = until + 1 WHERE since = " + first, {"device px A1"}},
      {"UPDATE device_past SET market = 'ES' WHERE since = " + first, {"row device_past A1"}},
      {"UPDATE device_past SET until = CASE WHEN since = " + first + " THEN " + now + " ELSE " + second + " END",
       {"row device_past A1"}},
      {"UPDATE device_credential SET sha256 = '" + std::string(64, 'b') + "'", {"device px A1"}},
      {"DELETE FROM device_credential", {"device px A1"}},
  };
  for (const auto& [alteration, names] : cases) {
    sql(alteration);
    const auto got = named();
    EXPECT_TRUE(std::includes(got.begin(), got.end(), names.begin(), names.end())) << alteration;
    EXPECT_LE(got.size(), names.size() + 1) << alteration;
    sql("DELETE FROM device; INSERT INTO device SELECT * FROM kept; DELETE FROM device_past; INSERT INTO device_past "
        "SELECT * FROM kept_past;"
        "DELETE FROM device_credential; INSERT INTO device_credential SELECT * FROM kept_credential");
    ASSERT_EQ(named(), Names{}) << alteration;
  }
  sql("DELETE FROM configuration_build WHERE configuration_id = (SELECT configuration_id FROM device WHERE serial = "
      "'A2')");
  EXPECT_EQ(named().size(), 1U);
}

TEST_P(Fleet, AnUnknownBuildMovesNothing) {
  ASSERT_EQ(import("batch,serial,market\npx/b1,A1,DE\n")->imported, 1U);
  const auto outcomes = report_running(*database_, clock_, {"device", "device"},
                                       {{"px", "A1", {"px/fw/77"}}, {"px", "A1", {"px/fw/1.0", "px/boot/1"}}});
  ASSERT_TRUE(outcomes);
  EXPECT_EQ((*outcomes)[0].error->code, "HF-FLEET-0004");
  EXPECT_EQ((*outcomes)[1].what, ReportOutcome::unchanged);
}

TEST(Serial, IsSafeWhereverItIsWritten) {
  for (const auto* good : {"A", "SN-0001.b:c/d_e"}) EXPECT_TRUE(is_serial(good));
  for (const auto* bad : {"", "-a", "=1", "a b", "a\"b", "a\n", "\xc3\xa4"}) EXPECT_FALSE(is_serial(bad)) << bad;
  EXPECT_FALSE(is_serial(std::string(65, 'a')));
}

TEST(ImportReader, QuotedCellsMayHoldSeparatorsAndLineEnds) {
  std::istringstream in("batch,serial,market\n\"b\"\"x\",\"A\nB\",DE\n\"open,A2,DE\n");
  ImportReader reader(in);
  EXPECT_EQ(reader.next()->record.error().code, "HF-FLEET-0001") << "a line end in a serial";
  EXPECT_EQ(reader.next()->record.error().code, "HF-FLEET-0001") << "no closing quote";
  EXPECT_FALSE(reader.next());
}

TEST(ImportReader, LongLinesAndDeepJsonAreRefusedInBoundedMemory) {
  std::istringstream in("{\"batch\":\"" + std::string(200'000, 'x') +
                        "\"}\n{\"builds\":[[[[[[1]]]]]]}\n{\"serial\":\"A\",\"serial\":\"B\"}\n{\"batch\":\"\xff\"}\n");
  ImportReader reader(in);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(reader.next()->record) << i;
  EXPECT_FALSE(reader.next());
}

}  // namespace
}  // namespace hf::fleet
