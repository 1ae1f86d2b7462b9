// What a build says of itself, and what records say of its whole set of components.
#include "portfolio/portfolio_test.h"

namespace hf::portfolio::test {
namespace {

class BuildStatement : public PortfolioTest {};
HF_BOTH_ENGINES(BuildStatement);

TEST_P(BuildStatement, TheDocumentsOwnWordIsKeptBesideTheFinding) {
  feed({osv("GHSA-1", "a", "2.0.0", R"("CVE-2026-1")"), osv("GHSA-2", "b", "2.0.0", R"("CVE-2026-2")"),
        osv("GHSA-3", "c", "2.0.0", R"("CVE-2026-3")"), osv("GHSA-4", "d", "2.0.0", R"("CVE-2026-4")")});
  const std::vector<Part> parts{npm("a", "1.0.0"), npm("b", "1.0.0"), npm("c", "3.0.0"), npm("d", "1.0.0")};
  take(build("1"), cyclonedx(parts, {{"CVE-2026-1", "not_affected", "a@1.0.0"},
                                     {"CVE-2026-2", "resolved", "b@1.0.0"},
                                     {"CVE-2026-3", "exploitable", "c@3.0.0"},
                                     {"CVE-2026-4", "in_triage", "d@1.0.0"}}));
  take(build("2"), cyclonedx(parts));
  EXPECT_EQ(statements(),
            (Lines{"1 CVE-2026-1 a@1.0.0: not_affected (vex)", "1 CVE-2026-2 b@1.0.0: fixed (vex)",
                   "1 CVE-2026-3 c@3.0.0: affected (vex)", "1 CVE-2026-4 d@1.0.0: under_investigation (vex)"}));
  EXPECT_EQ(findings(),
            (Lines{"CVE-2026-1 a@1.0.0: affected", "CVE-2026-2 b@1.0.0: affected", "CVE-2026-4 d@1.0.0: affected"}));
  expect_proven();
}

TEST_P(BuildStatement, AWordWithoutARecordStands) {
  take(build("1"), cyclonedx({npm("a", "1.0.0")}, {{"CVE-2026-7", "exploitable", "a@1.0.0"}}));
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-7 a@1.0.0: affected (vex)"});
  EXPECT_EQ(findings(), Lines{});
}

TEST_P(BuildStatement, AListingWithoutAnAnalysisSaysNothing) {
  // Scanners write vulnerabilities[] without analysis: that is no word of the manufacturer, and must not beat a record.
  feed({osv("GHSA-1", "a", "2.0.0", R"("CVE-2026-1")")});
  take(build("1"), cyclonedx({npm("a", "1.0.0")}, {{"CVE-2026-1", "", "a@1.0.0"}}));
  EXPECT_EQ(statements(), Lines{});
  EXPECT_EQ(findings(), Lines{"CVE-2026-1 a@1.0.0: affected"});
}

TEST_P(BuildStatement, ALaterDocumentTakesItBack) {
  const auto path = build("1");
  take(path, cyclonedx({npm("a", "1.0.0")}, {{"CVE-2026-1", "not_affected", "a@1.0.0"}}));
  const auto then = instant();
  take(path, cyclonedx({npm("a", "1.0.0")}, {{"CVE-2026-1", "exploitable", "a@1.0.0"}}));
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-1 a@1.0.0: affected (vex)"});
  take(path, cyclonedx({npm("a", "1.0.0")}));
  EXPECT_EQ(statements(), Lines{});
  EXPECT_EQ(statements(then), Lines{"1 CVE-2026-1 a@1.0.0: not_affected (vex)"});
  expect_proven();
}

TEST_P(BuildStatement, TwoWordsOfOneDocumentTheUrgentOneCounts) {
  take(build("1"), cyclonedx({npm("a", "1.0.0")},
                             {{"CVE-2026-1", "not_affected", "a@1.0.0"}, {"CVE-2026-1", "exploitable", "a@1.0.0"}}));
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-1 a@1.0.0: affected (vex)"});
}

TEST_P(BuildStatement, AWordUnderAnAliasIsAboutTheVulnerability) {
  feed({osv("GHSA-1", "a", "2.0.0", R"("CVE-2026-1")")});
  take(build("1"), cyclonedx({npm("a", "1.0.0")}, {{"GHSA-1", "not_affected", "a@1.0.0"}}));
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-1 a@1.0.0: not_affected (vex)"});
}

TEST_P(BuildStatement, AWordUnderAnAliasThatIsLearnedLaterIsToo) {
  take(build("1"), cyclonedx({npm("a", "1.0.0")}, {{"GHSA-1", "not_affected", "a@1.0.0"}}));
  const auto then = instant();
  feed({osv("GHSA-1", "a", "2.0.0", R"("CVE-2026-1")")});
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-1 a@1.0.0: not_affected (vex)"});
  EXPECT_EQ(statements(then), Lines{"1 GHSA-1 a@1.0.0: not_affected (vex)"});
  expect_proven();
}

const Part kFirmware{"fw", "1.0", {"cpe:2.3:o:v:fw:1.0:*:*:*:*:*:*:*"}};
const Part kBoard{"board", "", {"cpe:2.3:h:v:board:-:*:*:*:*:*:*:*"}};
const Part kOtherBoard{"other", "", {"cpe:2.3:h:v:other:-:*:*:*:*:*:*:*"}};
const Part kPlugin{"plugin", "1.0", {"cpe:2.3:a:v:plugin:1.0:*:*:*:*:*:*:*"}};
const Part kShop{"shop", "4.0", {"cpe:2.3:a:v:shop:4.0:*:*:*:*:*:*:*"}};
const std::string kFirmwareOnBoard = runs_on("cpe:2.3:o:v:fw:1.0:*:*:*:*:*:*:*", "cpe:2.3:h:v:board:-:*:*:*:*:*:*:*");
const std::string kPluginOnShop = runs_on("cpe:2.3:a:v:plugin:1.0:*:*:*:*:*:*:*", "cpe:2.3:a:v:shop:*:*:*:*:*:*:*:*");

TEST_P(BuildStatement, AnAndNodeIsJudgedAgainstTheWholeBuild) {
  feed({nvd("CVE-2026-5", kFirmwareOnBoard)});
  take(build("with"), cyclonedx({kFirmware, kBoard}));
  take(build("without"), cyclonedx({kFirmware, kOtherBoard}));
  take(build("open"), cyclonedx({kFirmware}));
  EXPECT_EQ(findings(), Lines{"CVE-2026-5 fw@1.0: unknown"});
  EXPECT_EQ(statements(),
            (Lines{"with CVE-2026-5 fw@1.0: affected (set)", "without CVE-2026-5 fw@1.0: not_affected (set)"}));
  expect_proven();
}

TEST_P(BuildStatement, AnAndNodeThatComesAfterTheBuildsIsToo) {
  take(build("with"), cyclonedx({kFirmware, kBoard}));
  take(build("without"), cyclonedx({kFirmware, kOtherBoard}));
  feed({nvd("CVE-2026-5", kFirmwareOnBoard)});
  EXPECT_EQ(statements(),
            (Lines{"with CVE-2026-5 fw@1.0: affected (set)", "without CVE-2026-5 fw@1.0: not_affected (set)"}));
  // Withdrawn again: neither edge nor statement.
  feed({nvd("CVE-2026-5", kFirmwareOnBoard, "Rejected")});
  EXPECT_EQ(statements(), Lines{});
  EXPECT_EQ(findings(), Lines{});
  expect_proven();
}

TEST_P(BuildStatement, APlatformThatIsSoftwareCountsOnlyWhereItIs) {
  // Alone, the plugin is not affected, and there is no edge; in the build it is.
  take(build("both"), cyclonedx({kPlugin, kShop}));
  take(build("alone"), cyclonedx({kPlugin}));
  feed({nvd("CVE-2026-6", kPluginOnShop)});
  EXPECT_EQ(findings(), Lines{});
  EXPECT_EQ(statements(), Lines{"both CVE-2026-6 plugin@1.0: affected (set)"});
  take(build("later"), cyclonedx({kShop, kPlugin}));
  EXPECT_EQ(statements(),
            (Lines{"both CVE-2026-6 plugin@1.0: affected (set)", "later CVE-2026-6 plugin@1.0: affected (set)"}));
  expect_proven();
}

TEST_P(BuildStatement, ThePlatformComesAndGoesWithTheContents) {
  feed({nvd("CVE-2026-6", kPluginOnShop)});
  const auto path = build("1");
  take(path, cyclonedx({kPlugin}));
  EXPECT_EQ(statements(), Lines{});
  take(path, cyclonedx({kPlugin, kShop}));
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-6 plugin@1.0: affected (set)"});
  take(path, cyclonedx({kPlugin}, {}, 2));
  EXPECT_EQ(statements(), Lines{});
}

TEST_P(BuildStatement, TheOwnWordBeatsTheSet) {
  feed({nvd("CVE-2026-5", kFirmwareOnBoard)});
  const auto path = build("1");
  take(path, cyclonedx({kFirmware, kBoard}, {{"CVE-2026-5", "not_affected", "fw@1.0"}}));
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-5 fw@1.0: not_affected (vex)"});
  take(path, cyclonedx({kFirmware, kBoard}));
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-5 fw@1.0: affected (set)"});
  take(path, cyclonedx({kFirmware, kBoard}, {{"CVE-2026-5", "resolved", "fw@1.0"}}));
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-5 fw@1.0: fixed (vex)"});
  expect_proven();
}

TEST_P(BuildStatement, AnotherMakerChangesTheSetToo) {
  const Part vendorless{"plugin", "1.0", {"cpe:2.3:*:*:plugin:1.0:*:*:*:*:*:*:*"}};
  take(build("1"), cyclonedx({vendorless, kShop}));
  feed({nvd("CVE-2026-6", kPluginOnShop)});
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-6 plugin@1.0: affected (set)"});
  feed({cve5("CVE-2026-9", "zeta", "plugin", below("0.1"))});
  EXPECT_EQ(statements(), Lines{"1 CVE-2026-6 plugin@1.0: unknown (set)"});
}

}  // namespace
}  // namespace hf::portfolio::test
