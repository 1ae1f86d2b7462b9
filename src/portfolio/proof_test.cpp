// Whatever is altered in what the answers rest on is found and named.
#include "portfolio/portfolio_test.h"

namespace hf::portfolio::test {
namespace {

class Proof : public PortfolioTest {
 protected:
  void sql(const std::string& text) {
    const auto done = database_->write([&](db::Writer& writer) { return writer.script(text); });
    ASSERT_TRUE(done) << text << done.error().detail;
  }
  std::set<std::string> named() {
    std::set<std::string> names;
    const auto report = ledger::verify_ledger(*database_, log_.verifier_key().value());
    EXPECT_TRUE(report) << report.error().detail;
    for (const auto& finding : report->findings) names.insert(finding.where);
    return names;
  }

  hf::test::MemoryKeyStore keys_;
  ledger::Log log_{*database_, clock_, keys_, "example.eu/log", "ledger"};
};
HF_BOTH_ENGINES(Proof);

TEST_P(Proof, EveryAlteredRowIsFoundAndNamed) {
  const auto path = build("1");
  feed({osv("GHSA-1", "a", "2.0.0", R"("CVE-2026-1")"), osv("GHSA-2", "b", "2.0.0", R"("CVE-2026-2")"),
        kev("1", {{"CVE-2026-1", "2026-02-01"}})});
  take(path, cyclonedx({npm("a", "1.0.0"), npm("b", "1.0.0")}, {{"CVE-2026-2", "not_affected", "b@1.0.0"}}));
  take(path, cyclonedx({npm("a", "1.0.0"), npm("b", "1.0.0"), npm("c", "1.0.0")},
                       {{"CVE-2026-2", "in_triage", "b@1.0.0"}}, 2));
  feed({osv("GHSA-1", "a", "0.9.0", R"("CVE-2026-1")", "2026-02-01T00:00:00Z"),
        kev("2", {{"CVE-2026-1", "2026-03-01"}, {"CVE-2026-9", "2026-03-01"}})});
  feed({osv("GHSA-1", "a", "3.0.0", R"("CVE-2026-1")", "2026-03-01T00:00:00Z"),
        kev("3", {{"CVE-2026-1", "2026-03-01"}})});
  ASSERT_TRUE(log_.advance());
  ASSERT_EQ(named(), std::set<std::string>{});

  const std::vector<std::string> tables{"finding",        "build_statement", "kev", "advisory_key", "advisory",
                                        "coordinate_key", "build_coordinate"};
  std::string keep, restore;
  for (const auto& table : tables) keep += "CREATE TABLE kept_" + table + " AS SELECT * FROM " + table + ";";
  for (const auto& table : tables) restore += "DELETE FROM " + table + ";";
  for (auto table = tables.rbegin(); table != tables.rend(); ++table)
    restore += "INSERT INTO " + *table + " SELECT * FROM kept_" + *table + ";";
  sql(keep);
  const std::string open = std::to_string(kOpen);
  const std::vector<std::pair<std::string, std::string>> cases{
      // the alteration, and how a name that finds it begins
      {"UPDATE finding SET state = 'not_affected' WHERE vulnerability = 'CVE-2026-1' AND until = " + open,
       "finding CVE-2026-1 "},
      {"UPDATE finding SET reasons = '[]' WHERE vulnerability = 'CVE-2026-2'", "finding CVE-2026-2 "},
      {"UPDATE finding SET until = since + 1 WHERE vulnerability = 'CVE-2026-1' AND until = " + open,
       "finding CVE-2026-1 "},
      {"UPDATE finding SET until = " + open + " WHERE vulnerability = 'CVE-2026-1'", "finding CVE-2026-1 "},
      {"UPDATE finding SET since = since - 1 WHERE vulnerability = 'CVE-2026-1'", "finding CVE-2026-1 "},
      {"UPDATE finding SET position = position + 1", "finding "},
      {"UPDATE finding SET coordinate_id = (SELECT coordinate_id FROM coordinate WHERE name = 'c') WHERE vulnerability "
       "= 'CVE-2026-2'",
       "finding CVE-2026-2 "},
      {"DELETE FROM finding WHERE vulnerability = 'CVE-2026-2'", "finding CVE-2026-2 "},
      {"UPDATE build_statement SET state = 'fixed' WHERE state = 'under_investigation'",
       "statement CVE-2026-2 px/fw/1 "},
      {"UPDATE build_statement SET reason = '{}'", "statement CVE-2026-2 px/fw/1 "},
      {"UPDATE build_statement SET basis = 'set'", "statement CVE-2026-2 px/fw/1 "},
      {"UPDATE build_statement SET until = until - 1 WHERE until <> " + open, "statement CVE-2026-2 px/fw/1 "},
      {"DELETE FROM build_statement", "statement CVE-2026-2 px/fw/1 "},
      {"UPDATE kev SET due_date = '2027-01-01' WHERE until = " + open, "kev CVE-2026-1"},
      {"UPDATE kev SET ransomware = 1 - ransomware", "kev CVE-2026-1"},
      {"DELETE FROM kev WHERE vulnerability = 'CVE-2026-9'", "kev CVE-2026-9"},
      {"UPDATE kev SET until = " + open + " WHERE vulnerability = 'CVE-2026-9'", "kev CVE-2026-9"},
      {"INSERT INTO kev SELECT 'CVE-2026-2', since, until, date_added, due_date, name, ransomware FROM kev WHERE "
       "vulnerability = 'CVE-2026-9'",
       "kev CVE-2026-2"},
      {"UPDATE advisory SET record = (SELECT record FROM kept_advisory WHERE id = 'GHSA-2') WHERE id = 'GHSA-1'",
       "record osv GHSA-1"},
      {"UPDATE advisory SET vulnerability = 'CVE-2026-3' WHERE id = 'GHSA-1'", "record osv GHSA-1"},
      {"UPDATE advisory SET summary = 'harmless' WHERE id = 'GHSA-1'", "record osv GHSA-1"},
      {"UPDATE advisory SET needs_set = 1 - needs_set WHERE id = 'GHSA-2'", "record osv GHSA-2"},
      {"DELETE FROM advisory_key WHERE advisory_id = (SELECT advisory_id FROM advisory WHERE id = 'GHSA-2')",
       "record osv GHSA-2"},
      {"DELETE FROM coordinate_key WHERE coordinate_id = (SELECT coordinate_id FROM coordinate WHERE name = 'a')",
       "component "},
      {"DELETE FROM build_coordinate WHERE until = " + open, "contents of px/fw/1"},
      {"UPDATE build_coordinate SET until = since + 1", "contents of px/fw/1"},
      {"UPDATE build_coordinate SET until = (SELECT MAX(received_at) + 1 FROM sbom)", "contents of px/fw/1"},
      {"UPDATE build_coordinate SET since = since - 1", "contents of px/fw/1"},
  };
  for (const auto& [alteration, begins] : cases) {
    sql(alteration);
    const auto got = named();
    EXPECT_TRUE(std::any_of(got.begin(), got.end(), [&](const auto& name) { return name.starts_with(begins); }))
        << alteration;
    sql(restore);
    ASSERT_EQ(named(), std::set<std::string>{}) << alteration;
  }
  // What is only derived, and rows that others refer to.
  for (const auto& [alteration, undo, begins] :
       {std::tuple("UPDATE coordinate SET version = version || 'x'",
                   "UPDATE coordinate SET version = SUBSTR(version, 1, LENGTH(version) - 1)", "component "),
        std::tuple("UPDATE coordinate SET purl = purl || 'x'",
                   "UPDATE coordinate SET purl = SUBSTR(purl, 1, LENGTH(purl) - 1)", "component "),
        std::tuple("UPDATE coordinate SET identified = 1 - identified",
                   "UPDATE coordinate SET identified = 1 - identified", "component "),
        std::tuple("UPDATE sbom SET replaced_at = replaced_at - 1", "UPDATE sbom SET replaced_at = replaced_at + 1",
                   "contents of px/fw/1"),
        std::tuple("UPDATE sbom SET components = components - 1", "UPDATE sbom SET components = components + 1",
                   "row sbom ")}) {
    sql(alteration);
    const auto got = named();
    EXPECT_TRUE(std::any_of(got.begin(), got.end(), [&](const auto& name) { return name.starts_with(begins); }))
        << alteration;
    sql(undo);
    ASSERT_EQ(named(), std::set<std::string>{}) << undo;
  }
}

TEST_P(Proof, TwoNumbersOfOneVulnerabilityInOneDocumentAreOneWord) {
  feed({osv("GHSA-1", "a", "2.0.0", R"("CVE-2026-1")")});
  take(build("1"), cyclonedx({npm("a", "1.0.0")},
                             {{"GHSA-1", "not_affected", "a@1.0.0"}, {"CVE-2026-1", "exploitable", "a@1.0.0"}}));
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-1 a@1.0.0: affected (vex)"}) << "the more urgent one";
  expect_proven();
}

}  // namespace
}  // namespace hf::portfolio::test
