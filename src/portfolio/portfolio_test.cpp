#include "portfolio/portfolio_test.h"

#include <filesystem>

#include "portfolio/advisory_store.h"

namespace hf::portfolio::test {
namespace {

class Portfolio : public PortfolioTest {};
HF_BOTH_ENGINES(Portfolio);

TEST_P(Portfolio, ABuildThatComesAfterTheRecordIsFound) {
  feed({osv("GHSA-1", "a", "2.0.0", R"("CVE-2026-1")")});
  EXPECT_EQ(findings(), Lines{});
  const auto receipt = take(build("1"), cyclonedx({npm("a", "1.0.0"), npm("b", "1.0.0")}));
  EXPECT_EQ(receipt.findings, 1U);
  EXPECT_EQ(receipt.new_coordinates, 2U);
  EXPECT_EQ(findings(), Lines{"CVE-2026-1 a@1.0.0: affected"});
  expect_proven();
}

TEST_P(Portfolio, ARecordThatComesAfterTheBuildIsFound) {
  take(build("1"), cyclonedx({npm("a", "1.0.0"), npm("a", "2.0.0")}));
  feed({osv("GHSA-1", "a", "2.0.0", R"("CVE-2026-1")")});
  EXPECT_EQ(findings(), Lines{"CVE-2026-1 a@1.0.0: affected"})
      << "2.0.0 is outside the range: compared, and no finding";
  EXPECT_EQ(changed_findings_, 1U);
  expect_proven();
}

TEST_P(Portfolio, AChangedRecordClosesAndOpensAndThePastStays) {
  take(build("1"), cyclonedx({npm("a", "1.0.0"), npm("a", "2.5.0")}));
  feed({osv("GHSA-1", "a", "2.0.0")});
  const auto then = instant();
  feed({osv("GHSA-1", "a", "3.0.0", "", "2026-02-01T00:00:00Z")});
  EXPECT_EQ(findings(), (Lines{"GHSA-1 a@1.0.0: affected", "GHSA-1 a@2.5.0: affected"}));
  EXPECT_EQ(findings(then), Lines{"GHSA-1 a@1.0.0: affected"});
  const auto later = instant();
  feed({osv("GHSA-1", "a", "0.5.0", "", "2026-03-01T00:00:00Z")});
  EXPECT_EQ(findings(), Lines{});
  EXPECT_EQ(findings(later).size(), 2U);
  EXPECT_EQ(findings(then).size(), 1U);
  expect_proven();
}

TEST_P(Portfolio, AWithdrawnRecordFindsNothingAnyMore) {
  take(build("1"), cyclonedx({{"widget", "1.0", {"cpe:2.3:a:acme:widget:1.0:*:*:*:*:*:*:*"}}}));
  feed({cve5("CVE-2026-2", "acme", "widget", below("2.0"))});
  EXPECT_EQ(findings(), Lines{"CVE-2026-2 widget@1.0: affected"});
  feed({cve5("CVE-2026-2", "", "", "", "REJECTED")});
  EXPECT_EQ(findings(), Lines{});
  expect_proven();
}

TEST_P(Portfolio, OfTwoRecordsTheHeavierDecidesAndAChangeOfOneIsSeen) {
  take(build("1"), cyclonedx({{"widget", "1.0", {"cpe:2.3:a:acme:widget:1.0:*:*:*:*:*:*:*"}}}));
  const auto open = R"({"nodes":[)" + node("cpe:2.3:a:acme:widget:1.0:*:*:*:pro:*:*:*", true) + "]}";
  feed({cve5("CVE-2026-2", "acme", "widget", below("0.5")), nvd("CVE-2026-2", open)});
  EXPECT_EQ(findings(), Lines{})
      << "the CNA says that 1.0 is not affected, for certain; NVD leaves it open (weight 3 above 2)";
  feed({cve5("CVE-2026-2", "", "", "", "REJECTED")});
  EXPECT_EQ(findings(), Lines{"CVE-2026-2 widget@1.0: unknown"});
}

TEST_P(Portfolio, ALaterSbomReplacesTheEarlier) {
  feed({osv("GHSA-1", "a", "2.0.0"), osv("GHSA-2", "b", "2.0.0")});
  const auto path = build("1");
  take(path, cyclonedx({npm("a", "1.0.0"), npm("c", "1.0.0")}));
  const auto receipt = take(path, cyclonedx({npm("b", "1.0.0"), npm("c", "1.0.0")}));
  EXPECT_FALSE(receipt.unchanged);
  EXPECT_EQ(receipt.new_coordinates, 1U);
  static const db::Query kOpen{"test.portfolio.open_contents",
                               "SELECT COUNT(*) FROM build_coordinate WHERE until = 9223372036854775807"};
  static const db::Query kAll{"test.portfolio.all_contents", "SELECT COUNT(*) FROM build_coordinate"};
  static const db::Query kCurrent{"test.portfolio.current_sboms",
                                  "SELECT COUNT(*) FROM sbom WHERE replaced_at = 9223372036854775807"};
  EXPECT_EQ(number(kOpen), 2);
  EXPECT_EQ(number(kAll), 3);
  EXPECT_EQ(number(kCurrent), 1);
  EXPECT_TRUE(take(path, cyclonedx({npm("b", "1.0.0"), npm("c", "1.0.0")})).unchanged);
  // Back to the first, in the same words: a new period, not the old one.
  EXPECT_FALSE(take(path, cyclonedx({npm("a", "1.0.0"), npm("c", "1.0.0")})).unchanged);
  EXPECT_EQ(number(kOpen), 2);
  EXPECT_EQ(number(kAll), 4);
  expect_proven();
}

TEST_P(Portfolio, TheOriginalBytesAreKept) {
  const auto text = cyclonedx({npm("a", "1.0.0")});
  const auto receipt = take(build("1"), text);
  const auto kept = blobs_.get(crypto::sha256({bytes_of(text)}));
  ASSERT_TRUE(kept);
  EXPECT_EQ(text_of(*kept), text);
  EXPECT_EQ(receipt.sha256, to_hex(crypto::sha256({bytes_of(text)})));
}

TEST_P(Portfolio, ComponentsOfEqualClaimsAreOneCoordinateInAllBuilds) {
  auto twin = npm("a", "1.0.0");
  auto text = parse_json(cyclonedx({twin, npm("b", "1.0.0")})).value();
  auto again = text.at("components").at(0).as_object();
  again["bom-ref"] = "another";
  text.at("components").as_array().push_back(again);
  EXPECT_EQ(take(build("1"), to_text(text)).new_coordinates, 2U);
  EXPECT_EQ(take(build("2"), cyclonedx({twin})).new_coordinates, 0U);
  static const db::Query kCoordinates{"test.portfolio.coordinates", "SELECT COUNT(*) FROM coordinate"};
  EXPECT_EQ(number(kCoordinates), 2);
  feed({osv("GHSA-1", "a", "2.0.0")});
  EXPECT_EQ(findings(), Lines{"GHSA-1 a@1.0.0: affected"}) << "one edge for two builds";
  expect_proven();
}

TEST_P(Portfolio, RecordsOfOneVulnerabilityUnderTwoNumbersAreOneFinding) {
  take(build("1"), cyclonedx({{"a", "1.0.0", {"pkg:npm/a@1.0.0", "cpe:2.3:a:acme:a:1.0.0:*:*:*:*:*:*:*"}}}));
  feed({osv("GHSA-1", "a", "2.0.0", R"("CVE-2026-1")"), cve5("CVE-2026-1", "acme", "a", below("2.0.0"))});
  EXPECT_EQ(findings(), Lines{"CVE-2026-1 a@1.0.0: affected"});
  static const db::Query kReasons{"test.portfolio.reasons", "SELECT reasons FROM finding WHERE until = $1"};
  const auto reasons = parse_json(texts(kReasons, kOpen).at(0)).value();
  EXPECT_EQ(reasons.as_array().size(), 2U) << "both records are visible";
  EXPECT_EQ(database_->read([](const db::Reader& r) { return AdvisoryStore(r).canonical("GHSA-1"); }).value(),
            "CVE-2026-1");
}

TEST_P(Portfolio, ANumberThatIsLearnedLaterTakesTheFindingWithIt) {
  take(build("1"), cyclonedx({npm("a", "1.0.0")}));
  feed({osv("GHSA-1", "a", "2.0.0")});
  EXPECT_EQ(findings(), Lines{"GHSA-1 a@1.0.0: affected"});
  feed({osv("GHSA-1", "a", "2.0.0", R"("CVE-2026-1")", "2026-02-01T00:00:00Z")});
  EXPECT_EQ(findings(), Lines{"CVE-2026-1 a@1.0.0: affected"});
  expect_proven();
}

TEST_P(Portfolio, WhatCannotBeComparedIsUnknownNotClean) {
  take(build("1"), cyclonedx({{"widget", "", {"cpe:2.3:a:acme:widget:*:*:*:*:*:*:*:*"}},
                              {"gadget", "1.0", {"cpe:2.3:a:acme:gadget:1.0:*:*:*:*:*:*:*"}}}));
  feed({cve5("CVE-2026-2", "acme", "widget", below("2.0")),
        cve5("CVE-2026-3", "acme", "gadget", R"({"version":"n/a","status":"affected"})")});
  EXPECT_EQ(findings(), (Lines{"CVE-2026-2 widget@: unknown", "CVE-2026-3 gadget@1.0: unknown"}));
}

TEST_P(Portfolio, AnotherMakerOfTheSameProductNameTurnsCertaintyIntoACandidate) {
  // Yocto names no vendor. With one known maker the product is his; with two it is a candidate.
  take(build("1"), cyclonedx({{"widget", "1.0", {"cpe:2.3:*:*:widget:1.0:*:*:*:*:*:*:*"}}}));
  feed({cve5("CVE-2026-2", "acme", "widget", below("2.0"))});
  EXPECT_EQ(findings(), Lines{"CVE-2026-2 widget@1.0: affected"});
  feed({cve5("CVE-2026-9", "zeta", "widget", below("0.1"))});
  EXPECT_EQ(findings(), Lines{"CVE-2026-2 widget@1.0: unknown"});
  expect_proven();
}

TEST_P(Portfolio, ComponentsWithNothingToLookUpAreCounted) {
  const auto receipt = take(build("1"), cyclonedx({npm("a", "1.0.0"), {"blob", "1", {}}, {"other", "", {}}}));
  EXPECT_EQ(receipt.components, 3U);
  EXPECT_EQ(receipt.unidentified, 2U);
  static const db::Query kUnidentified{"test.portfolio.unidentified",
                                       "SELECT COUNT(*) FROM coordinate WHERE identified = 0"};
  EXPECT_EQ(number(kUnidentified), 2);
}

TEST_P(Portfolio, ARefusedSbomLeavesNothing) {
  const auto path = build("1");
  take(path, cyclonedx({npm("a", "1.0.0")}));
  const auto before = sizes();
  const auto blobs_before = std::distance(std::filesystem::recursive_directory_iterator(directory_.path()), {});
  for (const std::string bad :
       {R"({"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"nonsense","name":"a"}]})",
        R"({"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"type":"library"}]})", "{", "", "[]",
        "\xff\xfe"}) {
    const auto refused = receive(path, bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_TRUE(refused.error().code.starts_with("HF-SBOM-")) << refused.error().code;
  }
  EXPECT_EQ(receive("px/fw/none", cyclonedx({npm("z", "1")})).error().code, "HF-PORTFOLIO-0001");
  EXPECT_EQ(sizes(), before);
  EXPECT_EQ(std::distance(std::filesystem::recursive_directory_iterator(directory_.path()), {}), blobs_before);
}

TEST_P(Portfolio, HostileTextIsStoredAsItIs) {
  const std::string hostile = "'; DROP TABLE finding; --\"%_\\`$1\u2028\xF0\x9F\x92\xA3";
  take(build("1"),
       cyclonedx({{hostile, hostile, {}}, {"a", "1.0.0", {"pkg:npm/a@1.0.0"}}}, {{hostile, "exploitable", "a@1.0.0"}}));
  feed({osv("GHSA-1", "a", "2.0.0", R"("'; DROP TABLE advisory; --")")});
  static const db::Query kNames{"test.portfolio.names", "SELECT name FROM coordinate WHERE identified = $1"};
  EXPECT_EQ(texts(kNames, 0), Lines{hostile});
  EXPECT_EQ(statements(), Lines{"1 " + hostile + " a@1.0.0: affected (vex)"});
  expect_proven();
}

// An index entry of PostgreSQL has at most 2704 bytes after compression: this text does not compress.
std::string noise() {
  std::string text;
  for (int i = 0; i < 200; ++i) text += to_hex(crypto::sha256({bytes_of(std::to_string(i))}));
  return text;
}

TEST_P(Portfolio, AVeryLongTextIsRefusedBeforeTheDatabase) {
  const auto path = build("1");
  for (const auto& document : {cyclonedx({{noise(), "1", {}}}), cyclonedx({{"p", noise(), {}}}),
                               cyclonedx({npm("p", "1")}, {{noise(), "exploitable", "p@1"}})}) {
    const auto refused = receive(path, document);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "HF-PORTFOLIO-0003") << refused.error().detail;
  }
  EXPECT_TRUE(receive(path, cyclonedx({{"q", "1", {"pkg:npm/" + noise() + "@1"}}})))
      << "no purl that anybody could look up: unidentified";
  EXPECT_TRUE(receive(path, cyclonedx({{"p", "1", {"pkg:npm/p@1?download_url=" + noise()}}})))
      << "a qualifier may be long: it is no key";
}

TEST_P(Portfolio, ARecordWithVeryLongTextsDoesNotStopTheFeed) {
  take(build("1"), cyclonedx({npm("a", "1.0.0")}));
  feed({cve5("CVE-2026-2", "acme", noise().substr(0, 2048), below("2.0")),
        cve5("CVE-2026-3", noise().substr(0, 3000), "widget", below("2.0")),
        osv("GHSA-1", "a", "2.0.0", "\"" + noise() + "\",\"CVE-" + noise() + "\""),
        osv("GHSA-" + noise(), noise(), "2.0.0")});
  EXPECT_EQ(findings(), Lines{"GHSA-1 a@1.0.0: affected"});
}

TEST_P(Portfolio, ANulIsKeptOrRefusedAlikeOnBothEngines) {
  const auto path = build("1");
  auto text = cyclonedx({{"left_right", "1", {}}});
  text.replace(text.find("\"left_right\"", text.find("\"name\"")), 12, "\"left\\u0000right\"");
  const auto receipt = receive(path, text);
  if (receipt) {
    static const db::Query kNames{"test.portfolio.nul_names", "SELECT name FROM coordinate WHERE identified = $1"};
    EXPECT_EQ(texts(kNames, 0), Lines{std::string("left\0right", 10)});
  } else {
    EXPECT_TRUE(receipt.error().code.starts_with("HF-SBOM-") || receipt.error().code.starts_with("HF-PORTFOLIO-"))
        << receipt.error().code << receipt.error().detail;
  }
  auto record = osv("GHSA-1", "a", "2.0.0");
  record.insert(record.size() - 1, R"(,"summary":"left\u0000right")");
  FeedImporter importer(*database_, clock_, actor_, "test");
  read_into(importer, record);
  const auto counts = importer.finish();
  EXPECT_TRUE(counts) << counts.error().code << counts.error().detail;
}

}  // namespace
}  // namespace hf::portfolio::test
