// The course of imports: unchanged, interrupted, KEV, EPSS.
#include "portfolio/portfolio_test.h"

namespace hf::portfolio::test {
namespace {

class Feed : public PortfolioTest {
 protected:
  Lines kev_rows() {
    static const db::Query kQuery{"test.portfolio.kev", R"sql(
        SELECT vulnerability || ' ' || due_date || CASE WHEN until > $1 THEN '' ELSE ' closed' END AS line FROM kev ORDER BY line)sql"};
    return texts(kQuery, kOpen - 1);
  }
};
HF_BOTH_ENGINES(Feed);

TEST_P(Feed, TheSameRecordsAgainChangeNothing) {
  const std::vector<std::string> documents{osv("GHSA-1", "a", "2.0.0"),
                                           cve5("CVE-2026-2", "acme", "widget", below("2.0")),
                                           kev("1", {{"CVE-2026-2", "2026-02-02"}})};
  take(build("1"), cyclonedx({npm("a", "1.0.0")}));
  auto counts = feed(documents);
  EXPECT_EQ(counts.at("osv").changed, 1U);
  EXPECT_EQ(counts.at("cve5").changed, 1U);
  EXPECT_EQ(counts.at("kev").changed, 1U);
  const auto before = sizes();
  counts = feed(documents);
  EXPECT_EQ(counts.at("osv").records, 1U);
  for (const auto* name : {"osv", "cve5", "kev"}) EXPECT_EQ(counts.at(name).changed, 0U) << name;
  EXPECT_EQ(changed_findings_, 0U);
  auto after = sizes();
  EXPECT_EQ(after.at(8), before.at(8) + 1) << "one entry: the feed was read";
  after.at(8) = before.at(8);
  EXPECT_EQ(after, before);
  expect_proven();
}

TEST_P(Feed, ARecordTwiceInOneFeedCountsAsItCameLast) {
  take(build("1"), cyclonedx({npm("a", "1.0.0")}));
  feed({osv("GHSA-1", "a", "2.0.0"), osv("GHSA-1", "a", "0.5.0")});
  EXPECT_EQ(findings(), Lines{});
  feed({osv("GHSA-1", "a", "0.5.0"), osv("GHSA-1", "a", "2.0.0")});
  EXPECT_EQ(findings(), Lines{"GHSA-1 a@1.0.0: affected"});
}

TEST_P(Feed, KevEntriesComeChangeAndGoAndStayVisible) {
  feed({kev("1", {{"CVE-2026-1", "2026-02-02"}, {"CVE-2026-2", "2026-02-02"}})});
  EXPECT_EQ(feed({kev("2", {{"CVE-2026-1", "2026-03-03"}, {"CVE-2026-3", "2026-02-02"}})}).at("kev").changed, 3U);
  EXPECT_EQ(kev_rows(), (Lines{"CVE-2026-1 2026-02-02 closed", "CVE-2026-1 2026-03-03", "CVE-2026-2 2026-02-02 closed",
                               "CVE-2026-3 2026-02-02"}));
  feed({kev("3", {{"CVE-2026-2", "2026-02-02"}, {"CVE-2026-2", "2026-02-02"}})});
  EXPECT_EQ(kev_rows(), (Lines{"CVE-2026-1 2026-02-02 closed", "CVE-2026-1 2026-03-03 closed", "CVE-2026-2 2026-02-02",
                               "CVE-2026-2 2026-02-02 closed", "CVE-2026-3 2026-02-02 closed"}));
  expect_proven();
}

TEST_P(Feed, EpssScoresAreThoseOfTheLastDay) {
  const auto day = [](const std::string& date, const std::string& scores) {
    return "#model_version:v2025.03.14,score_date:" + date + "\ncve,epss,percentile\n" + scores;
  };
  EXPECT_EQ(feed({day("2026-01-01", "CVE-2026-1,0.10000,0.90000\nCVE-2026-2,0.2,0.8\nCVE-2026-2,0.2,0.8\n")})
                .at("epss")
                .records,
            3U);
  static const db::Query kScores{
      "test.portfolio.epss",
      "SELECT vulnerability || ' ' || score || ' ' || score_date AS line FROM epss WHERE 1 = $1 ORDER BY line"};
  EXPECT_EQ(texts(kScores, 1), (Lines{"CVE-2026-1 0.10000 2026-01-01", "CVE-2026-2 0.20000 2026-01-01"}));
  const auto counts = feed({day("2026-01-02", "CVE-2026-1,0.3,0.9\n")});
  EXPECT_EQ(counts.at("epss").version, "2026-01-02");
  EXPECT_EQ(texts(kScores, 1), (Lines{"CVE-2026-1 0.30000 2026-01-02", "CVE-2026-2 0.20000 2026-01-01"}));
  const auto before = sizes();
  EXPECT_EQ(feed({day("2026-01-02", "CVE-2026-1,0.3,0.9\n")}).at("epss").changed, 0U);
  EXPECT_EQ(sizes().at(8), before.at(8) + 1) << "only that the feed was read";
  expect_proven();
}

// Transactions of the importer end every 500 records: one that stops in the middle of the third is run again.
TEST_P(Feed, AnInterruptedImportRunAgainIsAsIfItHadNotStopped) {
  std::vector<std::string> documents;
  for (int i = 0; i < 1200; ++i)
    documents.push_back(osv("GHSA-" + std::to_string(i), "p" + std::to_string(i % 40), std::to_string(i % 5) + ".0.0",
                            "\"CVE-2026-" + std::to_string(i % 700) + "\""));
  std::vector<Part> parts;
  for (int i = 0; i < 40; ++i) parts.push_back(npm("p" + std::to_string(i), std::to_string(i % 4) + ".5.0"));
  take(build("1"), cyclonedx(parts));
  {
    FeedImporter importer(*database_, clock_, actor_, "test");
    for (int i = 0; i < 1150; ++i) read_into(importer, documents[std::size_t(i)]);
  }
  static const db::Query kAdvisories{"test.portfolio.advisories", "SELECT COUNT(*) FROM advisory"};
  EXPECT_EQ(number(kAdvisories), 1000);
  const auto counts = feed(documents);
  EXPECT_EQ(counts.at("osv").records, 1200U);
  EXPECT_EQ(counts.at("osv").changed, 200U);
  const auto found = findings();
  expect_proven();

  hf::test::TestLocation elsewhere(GetParam());
  auto other = db::Database::open_unchecked(elsewhere.location()).value();
  ASSERT_TRUE(db::migrate(*other, Time{}));
  std::swap(database_, other);
  add("manufacturer", R"({"code":"acme","name":"ACME","country":"DE"})");
  add("product", R"({"code":"px","manufacturer":"acme","name":"PX","product_class":"default"})");
  add("module", R"({"product":"px","code":"fw","name":"Firmware","kind":"firmware"})");
  take(build("1"), cyclonedx(parts));
  feed(documents);
  EXPECT_EQ(findings(), found);
  std::swap(database_, other);
}

}  // namespace
}  // namespace hf::portfolio::test
