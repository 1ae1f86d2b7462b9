#include "vuln/scan/scan.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "sbom/parse.h"
#include "vuln/commands.h"
#include "vuln/db_dir/build.h"

namespace hf::vuln {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCve =
    R"({"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2024-1","state":"PUBLISHED","dateUpdated":"2024-02-03T00:00:00"},
  "containers":{"cna":{"providerMetadata":{"shortName":"acme"},"title":"A flaw","affected":[{"vendor":"acme","product":"widget","defaultStatus":"unaffected",
  "packageURL":"pkg:npm/widget","versions":[{"version":"1.0.0","lessThan":"1.2.0","status":"affected","versionType":"semver"}]}],
  "metrics":[{"cvssV3_1":{"version":"3.1","vectorString":"CVSS:3.1/AV:N","baseScore":9.8,"baseSeverity":"CRITICAL"}}]}}})";
constexpr std::string_view kGhsa =
    R"({"id":"GHSA-x","aliases":["CVE-2024-1"],"modified":"2024-05-06T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"widget"},
  "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.0"}]}]}]})";
constexpr std::string_view kKev =
    R"({"catalogVersion":"2025.08.25","count":1,"vulnerabilities":[{"cveID":"CVE-2024-1","dateAdded":"2025-08-25"}]})";
constexpr std::string_view kEpss =
    "#model_version:v1,score_date:2026-01-01T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1,0.5,0.9\n";

std::string bom(std::string_view component, std::string_view more = "") {
  return R"({"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[)" + std::string(component) + "]" +
         std::string(more) + "}";
}
constexpr std::string_view kWidget =
    R"({"type":"library","bom-ref":"w","name":"widget","version":"1.1.0","purl":"pkg:npm/widget@1.1.0"})";

class Scans : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("hf-scan-" + std::to_string(::getpid()) + "-" +
                                         testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    fs::create_directories(root_);
    write("feed/cve.json", kCve);
    write("feed/ghsa.json", kGhsa);
    write("more/kev.json", kKev);
    write("more/epss.csv", kEpss);
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, std::string_view bytes) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << bytes;
  }
  Result<BuildReport> build(const BuildOptions& options = {}) const {
    const std::vector<fs::path> sources{root_ / "feed", root_ / "more"};
    const ManualClock clock(time_of(1'700'000'000'000'000));
    return build_database(sources, root_ / "db", options, clock);
  }
  struct Ran {
    int exit;
    std::string out, err;
  };
  Ran run(std::vector<std::string_view> words, std::string in = "") const {
    for (const auto& command : commands()) {
      const auto name = command.spec.name;
      std::string joined;
      for (std::size_t i = 0; i < words.size(); ++i) {
        joined += (i == 0 ? "" : " ") + std::string(words[i]);
        if (joined != name) continue;
        const auto args = cli::Args::parse(command.spec, std::span(words).subspan(i + 1));
        EXPECT_TRUE(args) << (args ? "" : args.error().message);
        std::istringstream input(in);
        std::ostringstream out, err;
        cli::Terminal terminal{input, out, err};
        const auto exit = command.run(*args, terminal);
        return {exit ? int(*exit) : int(cli::exit_of(exit.error().kind)), out.str(),
                exit ? err.str() : std::string(exit.error().code)};
      }
    }
    ADD_FAILURE() << "no such command";
    return {};
  }
  JsonObject json(const Ran& ran) const {
    const auto parsed = parse_json(ran.out);
    EXPECT_TRUE(parsed) << ran.out << ran.err;
    return parsed ? parsed->get_object() : JsonObject();
  }
  fs::path root_;
};

TEST_F(Scans, OneVulnerabilityUnderTwoNumbersIsOneFinding) {
  ASSERT_TRUE(build());
  write("bom.json", bom(kWidget));
  const auto ran = run({"scan", (root_ / "bom.json").string(), "--db", (root_ / "db").string(), "--json"});
  EXPECT_EQ(ran.exit, 0) << "findings alone do not fail";
  const auto result = json(ran);
  const auto& findings = result.at("findings").get_array();
  ASSERT_EQ(findings.size(), 1U);
  const auto& finding = findings.at(0).get_object();
  EXPECT_EQ(finding.at("component"), "w");
  EXPECT_EQ(finding.at("vulnerability"), "CVE-2024-1");
  EXPECT_EQ(finding.at("aliases"), (JsonArray{"GHSA-x"}));
  EXPECT_EQ(finding.at("state"), "affected");
  EXPECT_EQ(finding.at("cvss").at("score"), 9.8);
  EXPECT_EQ(finding.at("kev").at("added"), "2025-08-25");
  EXPECT_EQ(finding.at("epss").at("score"), 0.5);
  const auto& reason = finding.at("reason").get_object();
  EXPECT_EQ(reason.at("claim"), "pkg:npm/widget@1.1.0");
  EXPECT_EQ(reason.at("source"), "feed, records to 2024-05-06");
  EXPECT_EQ(finding.at("other_reasons").get_array().size(), 1U);
}

TEST_F(Scans, GatesFailOnlyWhenAsked) {
  ASSERT_TRUE(build());
  const auto db = (root_ / "db").string();
  EXPECT_EQ(run({"scan", "-", "--db", db, "--fail-on", "kev"}, bom(kWidget)).exit, 1);
  EXPECT_EQ(run({"scan", "-", "--db", db, "--fail-on", "affected"}, bom(kWidget)).exit, 1);
  const auto fixed = R"({"type":"library","name":"widget","version":"1.2.0","purl":"pkg:npm/widget@1.2.0"})";
  EXPECT_EQ(run({"scan", "-", "--db", db, "--fail-on", "affected", "--fail-on", "kev"}, bom(fixed)).exit, 0);
}

TEST_F(Scans, TheDocumentsOwnWordIsHonoured) {
  ASSERT_TRUE(build());
  const auto db = (root_ / "db").string();
  const auto state = [&](const std::string& document) {
    const auto result = json(run({"scan", "-", "--db", db, "--json"}, document));
    const auto& findings = result.at("findings").get_array();
    return findings.size() == 1 ? std::string(findings.at(0).at("state").get_string())
                                : std::to_string(findings.size()) + " findings";
  };
  for (const auto* number : {"CVE-2024-1", "GHSA-x"})
    EXPECT_EQ(
        state(bom(
            kWidget,
            R"(,"vulnerabilities":[{"id":")" + std::string(number) +
                R"(","analysis":{"state":"not_affected","justification":"code_not_reachable"},"affects":[{"ref":"w"}]}])")),
        "not_affected")
        << number;
  EXPECT_EQ(
      state(
          bom(kWidget,
              R"(,"vulnerabilities":[{"id":"CVE-2024-1","analysis":{"state":"in_triage"},"affects":[{"ref":"w"}]}])")),
      "under_investigation");
  EXPECT_EQ(
      state(bom(
          kWidget,
          R"(,"vulnerabilities":[{"id":"CVE-2024-1","analysis":{"state":"not_affected"},"affects":[{"ref":"another"}]}])")),
      "affected");
  EXPECT_EQ(
      state(bom(R"({"type":"library","bom-ref":"w","name":"widget","version":"1.1.0","purl":"pkg:npm/widget@1.1.0",
      "pedigree":{"patches":[{"type":"backport","resolves":[{"type":"security","id":"CVE-2024-1"}]}]}})")),
      "fixed");
}

TEST_F(Scans, WhatCannotBeLookedUpIsListed) {
  ASSERT_TRUE(build());
  const auto db = (root_ / "db").string();
  const auto document = bom(
      R"({"type":"library","bom-ref":"x","name":"blob","version":"7"},{"type":"library","bom-ref":"y","name":"y","version":"1","purl":"pkg:npm/y@1"})");
  const auto result = json(run({"scan", "-", "--db", db, "--json"}, document));
  EXPECT_EQ(result.at("components").get_array().size(), 2U);
  ASSERT_EQ(result.at("unassessed").get_array().size(), 1U);
  EXPECT_EQ(result.at("unassessed").at(0).at("ref"), "x");
  EXPECT_EQ(result.at("counts").at("no_record_names_them"), 1);
  EXPECT_NE(run({"scan", "-", "--db", db}, document).out.find("unassessed: blob 7"), std::string::npos);
}

TEST_F(Scans, BadInputIsRefusedWithACode) {
  ASSERT_TRUE(build());
  const auto db = (root_ / "db").string();
  EXPECT_EQ(run({"scan", "-", "--db", (root_ / "none").string()}, bom(kWidget)).err, "HF-VULN-0021");
  EXPECT_EQ(run({"scan", "-", "--db", db}, "{").exit, 3);
  EXPECT_EQ(run({"scan", (root_ / "nothing.json").string(), "--db", db}).exit, 4);
  EXPECT_EQ(run({"scan", (root_ / "more").string(), "--db", db}).err, "HF-VULN-0030");
}

TEST_F(Scans, UnchangedSourcesAreCopied) {
  const auto first = build();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->copied, (std::vector<bool>{false, false}));
  EXPECT_EQ(first->manifest.advisories, 2U);
  const auto again = build();
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->copied, (std::vector<bool>{true, true}));
  EXPECT_EQ(again->manifest.sources, first->manifest.sources);
  EXPECT_EQ(again->manifest.keys, first->manifest.keys);
  EXPECT_EQ(build({.fresh = true})->copied, (std::vector<bool>{false, false}));
  write("feed/cve.json", "{}");
  const auto changed = build();
  EXPECT_EQ(changed->copied, (std::vector<bool>{false, true}));
  EXPECT_EQ(changed->manifest.advisories, 1U);
  auto database = AdvisoryDatabase::open(root_ / "db");
  ASSERT_TRUE(database);
  const std::vector<std::string> keys{"purl:pkg:npm/widget"};
  ASSERT_EQ(database->with_keys(keys)->size(), 1U);
  EXPECT_TRUE(database->kev("CVE-2024-1")->has_value()) << "copied too";
  EXPECT_TRUE(database->epss("CVE-2024-1")->has_value());
}

TEST_F(Scans, AFailedBuildLeavesTheOldOne) {
  ASSERT_TRUE(build());
  write("feed/broken.json", R"({"id":"GHSA-2","affected":)");
  EXPECT_EQ(build({.strict = true}).error().code, "HF-VULN-0024");
  EXPECT_EQ(AdvisoryDatabase::open(root_ / "db")->manifest().advisories, 2U);
  const auto kind = build();
  ASSERT_TRUE(kind);
  EXPECT_EQ(kind->manifest.sources.at(0).unreadable.at(0).document, "broken.json");
  EXPECT_FALSE(fs::exists(root_ / "db" / "advisories.sqlite.building"));
  EXPECT_FALSE(fs::exists(root_ / "db" / "advisories.sqlite.left"));
}

TEST_F(Scans, AnInterruptedBuildGoesOn) {
  // The first source is done and committed when the second one turns out to be no source.
  const std::vector<fs::path> sources{root_ / "feed", root_ / "none"};
  const ManualClock clock(time_of(0));
  ASSERT_FALSE(build_database(sources, root_ / "db", {}, clock));
  EXPECT_EQ(AdvisoryDatabase::open(root_ / "db").error().code, "HF-VULN-0021");
  EXPECT_EQ(build()->copied, (std::vector<bool>{true, false}));
}

TEST_F(Scans, TheLatestRecordOfAFeedCounts) {
  write("more/old.json",
        R"({"id":"GHSA-x","modified":"2023-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"widget"},
      "ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]})");
  write("more/rejected.json",
        R"({"format":"NVD_CVE","vulnerabilities":[{"cve":{"id":"CVE-2024-9","vulnStatus":"Analyzed","configurations":[
      {"nodes":[{"operator":"OR","cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*"}]}]}]}}]})");
  write("feed/rejected.json",
        R"({"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2024-9","state":"REJECTED"},"containers":{"cna":{}}})");
  ASSERT_TRUE(build());
  auto database = AdvisoryDatabase::open(root_ / "db");
  const std::vector<std::string> widget{"purl:pkg:npm/widget"}, product{"product:p"};
  EXPECT_EQ(database->with_keys(widget)->size(), 2U) << "the CVE and the newer GHSA";
  EXPECT_EQ(database->with_keys(product)->size(), 0U) << "the CVE list rejected it";
}

TEST_F(Scans, ADamagedDatabaseIsRefused) {
  ASSERT_TRUE(build());
  const auto file = root_ / "db" / std::string(kDatabaseFile);
  std::string bytes;
  {
    std::ifstream in(file, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  const std::vector<std::string> keys{"purl:pkg:npm/widget", "product:widget"};
  for (std::size_t cut = 0; cut < bytes.size(); cut += bytes.size() / 40 + 1) {
    std::ofstream(file, std::ios::binary) << bytes.substr(0, cut);
    auto database = AdvisoryDatabase::open(root_ / "db");
    if (database) (void)database->with_keys(keys);  // an answer or an error, never more
  }
  // A flipped byte: an error or an answer, and no crash under the sanitizers.
  for (std::size_t at = 0; at < bytes.size(); at += 401) {
    auto damaged = bytes;
    damaged[at] = char(damaged[at] ^ 0x5a);
    std::ofstream(file, std::ios::binary) << damaged;
    auto database = AdvisoryDatabase::open(root_ / "db");
    if (!database) continue;
    (void)database->with_keys(keys);
    (void)database->vendors_of("widget");
    (void)database->kev("CVE-2024-1");
  }
  std::ofstream(file, std::ios::binary)
      << "not a database at all, but long enough to be looked at as one by somebody who hopes";
  EXPECT_EQ(AdvisoryDatabase::open(root_ / "db").error().code, "HF-VULN-0020");
}

TEST_F(Scans, CommandsBuildAndShow) {
  const auto feed = (root_ / "feed").string(), db = (root_ / "db").string();
  const auto built = run({"vuln", "db", "build", feed, "--out", db, "--json"});
  EXPECT_EQ(built.exit, 0) << built.err;
  EXPECT_EQ(json(built).at("advisories"), 2);
  const auto shown = run({"vuln", "db", "show", db});
  EXPECT_EQ(shown.exit, 0);
  EXPECT_NE(shown.out.find("1 cve5, 1 osv"), std::string::npos) << shown.out;
  EXPECT_EQ(run({"vuln", "db", "show", (root_ / "none").string()}).exit, 4);
  write("empty/README", "nothing");
  EXPECT_EQ(run({"vuln", "db", "build", (root_ / "empty").string(), "--out", (root_ / "db2").string()}).err,
            "HF-VULN-0025");
}

}  // namespace
}  // namespace hf::vuln
