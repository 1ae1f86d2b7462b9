#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "archive/reader.h"
#include "vuln/db_dir/codec.h"
#include "vuln/feeds/cve5.h"
#include "vuln/feeds/nvd.h"
#include "vuln/feeds/osv.h"
#include "vuln/feeds/read.h"
#include "vuln/feeds/version_text.h"

namespace hf::vuln {
namespace {

struct Read {
  std::vector<Advisory> advisories;
  KevCatalog kev;
  std::vector<std::pair<std::string, double>> epss;
  EpssHead epss_head;
};

Result<DocumentKind> read_into(std::string_view bytes, Read& read, const FeedLimits& limits = {}) {
  JsonReader reader(limits);
  const FeedSink sink{.advisory = [&](Advisory a) -> Result<void> {
                        read.advisories.push_back(std::move(a));
                        return {};
                      },
                      .kev = [&](KevCatalog k) -> Result<void> {
                        read.kev = std::move(k);
                        return {};
                      },
                      .epss_head = [&](const EpssHead& head) -> Result<void> {
                        read.epss_head = head;
                        return {};
                      },
                      .epss = [&](const EpssScore& s) -> Result<void> {
                        read.epss.emplace_back(s.id, s.score);
                        return {};
                      }};
  return read_document(reader, bytes, sink);
}

Advisory one(std::string_view bytes) {
  Read read;
  const auto kind = read_into(bytes, read);
  EXPECT_TRUE(kind) << (kind ? "" : kind.error().message);
  EXPECT_EQ(read.advisories.size(), 1U);
  return read.advisories.empty() ? Advisory{} : read.advisories.front();
}

std::string cve(std::string_view affected, std::string_view more = "") {
  return R"({"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2024-0001","state":"PUBLISHED","assignerShortName":"acme",
    "datePublished":"2024-01-02T03:04:05.000Z","dateUpdated":"2024-02-03T04:05:06"},
    "containers":{"cna":{"providerMetadata":{"shortName":"acme"},"title":"A flaw","affected":[)" +
         std::string(affected) + R"(]})" + std::string(more) + "}}";
}

TEST(Cve5, ReadsEveryContainerAndKeepsThePointer) {
  const auto a = one(cve(
      R"({"vendor":"Acme","product":"Widget","defaultStatus":"unaffected","repo":"https://github.com/Acme/Widget.git",
      "versions":[{"version":"1.0","lessThan":"1.2","status":"affected","versionType":"semver","changes":[{"at":"1.1.5","status":"unaffected"}]}],
      "programFiles":["src/a.c"],"platforms":["ARM"]})",
      R"(,"adp":[{"providerMetadata":{"shortName":"CISA-ADP"},"affected":[{"vendor":"acme","product":"widget",
      "cpes":["cpe:2.3:a:acme:widget:*:*:*:*:*:*:*:*"],"versions":[{"version":"0","lessThanOrEqual":"1.1","status":"affected"}]}],
      "metrics":[{"cvssV3_1":{"version":"3.1","vectorString":"CVSS:3.1/AV:N","baseScore":9.8,"baseSeverity":"CRITICAL"}},
        {"other":{"type":"ssvc","content":{"options":[{"Exploitation":"active"},{"Automatable":"yes"},{"Technical Impact":"total"}]}}}]}])"));
  EXPECT_EQ(a.id, "CVE-2024-0001");
  EXPECT_EQ(a.summary, "A flaw");
  EXPECT_TRUE(a.published && a.modified);
  ASSERT_EQ(a.statements.size(), 2U);
  const auto& cna = a.statements[0];
  EXPECT_EQ(cna.pointer, "/containers/cna/affected/0");
  EXPECT_EQ(cna.container, "acme");
  EXPECT_EQ(cna.default_status, Status::unaffected);
  EXPECT_EQ(cna.repo, "github.com/acme/widget");
  EXPECT_EQ(cna.versions[0].where, "/versions/0");
  EXPECT_EQ(cna.versions[0].range.scheme, Scheme::semver);
  EXPECT_EQ(cna.versions[0].range.intervals[0], (Interval{"1.0", true, "1.2", false}));
  EXPECT_EQ(cna.versions[0].changes[0], (VersionChange{"1.1.5", Status::unaffected}));
  EXPECT_EQ(cna.program_files, std::vector<std::string>{"src/a.c"});
  const auto& adp = a.statements[1];
  EXPECT_EQ(adp.pointer, "/containers/adp/0/affected/0");
  EXPECT_EQ(adp.default_status, Status::unknown) << "absent is unknown (cve-schema: defaultStatus)";
  EXPECT_EQ(adp.versions[0].range.intervals[0], (Interval{"", true, "1.1", true}));
  EXPECT_EQ(a.cvss[0].score, 9.8);
  EXPECT_EQ(a.ssvc.exploitation, "active");
  EXPECT_EQ(lookup_keys(a), (std::vector<std::string>{"git:github.com/acme/widget", "product:widget"}));
  EXPECT_EQ(product_vendors_of(a), (std::vector<ProductVendor>{{"widget", "acme", 'a'}}));
}

TEST(Cve5, RejectedIsWithdrawn) {
  EXPECT_TRUE(
      one(R"({"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2024-0002","state":"REJECTED"},"containers":{"cna":{}}})")
          .withdrawn);
}

// CVE JSON 5.2: packageURL excludes versions; collectionURL with packageName names the same thing.
TEST(Cve5, PackagesBecomePurlKeys) {
  EXPECT_EQ(one(cve(R"({"packageURL":"pkg:npm/%40a/b@1.0","versions":[]})")).statements[0].purl, "pkg:npm/%40a/b");
  EXPECT_EQ(one(cve(R"({"collectionURL":"https://pypi.python.org","packageName":"Flask_Foo"})")).statements[0].purl,
            "pkg:pypi/flask-foo");
  EXPECT_EQ(one(cve(R"({"collectionURL":"https://repo.maven.apache.org/maven2","packageName":"org.a:b"})"))
                .statements[0]
                .purl,
            "pkg:maven/org.a/b");
  const auto redhat = one(cve(
      R"({"vendor":"Red Hat","product":"Red Hat Enterprise Linux 8","collectionURL":"https://access.redhat.com/downloads/content/package-browser/",
      "packageName":"openssl","cpes":["cpe:/o:redhat:enterprise_linux:8"],"defaultStatus":"affected"})"));
  EXPECT_TRUE(lookup_keys(redhat).empty()) << "the CPE names the platform, not the package";
}

TEST(Cve5, AnAbsentNameIsNoKey) {
  for (const auto* text : {"n/a", "N/A", "", "unspecified", "-"})
    EXPECT_TRUE(lookup_keys(one(cve(R"({"vendor":"n/a","product":")" + std::string(text) + R"("})"))).empty()) << text;
}

struct TextCase {
  std::string_view text;
  Reading reading;
  std::string_view range;  // as to_text writes it; "*" for every version
};

class VersionTexts : public testing::TestWithParam<TextCase> {};

TEST_P(VersionTexts, AreReadAsLabelled) {
  const auto& c = GetParam();
  const auto read = read_version_text(c.text, Scheme::generic);
  EXPECT_EQ(name_of(read.reading), name_of(c.reading)) << c.text;
  if (c.reading != Reading::unreadable) {
    EXPECT_EQ(read.whole ? "*" : to_text(read.range), c.range) << c.text;
  }
}

// Forms met in real CNA records, with what they can only mean.
INSTANTIATE_TEST_SUITE_P(
    Cve5, VersionTexts,
    testing::Values(
        TextCase{"1.2.3", Reading::stated, "= 1.2.3"}, TextCase{"v1.2", Reading::stated, "= 1.2"},
        TextCase{"*", Reading::stated, "*"}, TextCase{"all versions", Reading::lenient, "*"},
        TextCase{"< 1.2.3", Reading::lenient, "< 1.2.3"}, TextCase{">= 1.0, < 2.0", Reading::lenient, ">= 1.0, < 2.0"},
        TextCase{">=1.0 <=2.0", Reading::lenient, ">= 1.0, <= 2.0"},
        TextCase{"< 1.2, >= 2.0, < 2.3", Reading::lenient, "< 1.2 or >= 2.0, < 2.3"},
        TextCase{"= 1.5", Reading::lenient, ">= 1.5, <= 1.5"}, TextCase{"1.2 and prior", Reading::lenient, "<= 1.2"},
        TextCase{"1.2 and earlier", Reading::lenient, "<= 1.2"}, TextCase{"before 1.2", Reading::lenient, "< 1.2"},
        TextCase{"before version 1.2", Reading::lenient, "< 1.2"}, TextCase{"prior to 1.2", Reading::lenient, "< 1.2"},
        TextCase{"All versions < 1.2", Reading::lenient, "< 1.2"},
        TextCase{"1.0 to 1.5", Reading::lenient, ">= 1.0, <= 1.5"},
        TextCase{"from 1.0 through 1.5", Reading::lenient, ">= 1.0, <= 1.5"},
        TextCase{"1.0 - 1.5", Reading::lenient, ">= 1.0, <= 1.5"}, TextCase{"up to 3.1", Reading::lenient, "<= 3.1"},
        TextCase{"1.0 and later", Reading::lenient, ">= 1.0"},
        TextCase{"1.1, 1.2 and 1.3", Reading::lenient, "= 1.1 or = 1.2 or = 1.3"},
        TextCase{"n/a", Reading::unreadable, ""}, TextCase{"unspecified", Reading::unreadable, ""},
        TextCase{"", Reading::unreadable, ""}, TextCase{"See references", Reading::unreadable, ""},
        TextCase{"before the fix", Reading::unreadable, ""},
        TextCase{"Snapdragon 8 Gen 1 Mobile Platform", Reading::unreadable, ""},
        TextCase{"< ", Reading::unreadable, ""}));

TEST(Nvd, KeepsTheTree) {
  const auto a = one(
      R"({"format":"NVD_CVE","version":"2.0","vulnerabilities":[{"cve":{"id":"CVE-2024-0003","vulnStatus":"Analyzed",
    "published":"2024-01-01T00:00:00.000","descriptions":[{"lang":"en","value":"Text"}],
    "metrics":{"cvssMetricV31":[{"source":"nvd@nist.gov","cvssData":{"vectorString":"CVSS:3.1/AV:L","baseScore":5.5}}]},
    "configurations":[{"operator":"AND","negate":false,"nodes":[
      {"operator":"OR","cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:o:acme:fw:*:*:*:*:*:*:*:*","versionStartExcluding":"1.0","versionEndIncluding":"2.0"}]},
      {"operator":"OR","negate":true,"cpeMatch":[{"vulnerable":false,"criteria":"cpe:2.3:h:acme:box:-:*:*:*:*:*:*:*"}],
        "children":[{"operator":"AND","cpeMatch":[]}]}]}]}}]})");
  ASSERT_EQ(a.configurations.size(), 1U);
  const auto& root = a.configurations[0].root;
  EXPECT_EQ(a.configurations[0].pointer, "/vulnerabilities/0/cve/configurations/0");
  EXPECT_TRUE(root.all);
  ASSERT_EQ(root.children.size(), 2U);
  EXPECT_EQ(root.children[1].where, "/nodes/1");
  EXPECT_FALSE(root.children[0].all);
  EXPECT_TRUE(root.children[1].negate);
  EXPECT_EQ(root.children[1].children.size(), 1U);
  EXPECT_EQ(root.children[0].matches[0].interval, (Interval{"1.0", false, "2.0", true}));
  EXPECT_FALSE(root.children[1].matches[0].vulnerable);
  EXPECT_EQ(lookup_keys(a), (std::vector<std::string>{"on:box", "product:fw"}));
  EXPECT_EQ(a.cvss[0].version, "3.1");
}

// "Deferred" means nobody looked: it must never read as clean.
TEST(Nvd, SaysWhatIsNotAnalyzed) {
  for (const auto* status : {"Deferred", "Awaiting Analysis", "Received", "Undergoing Analysis"})
    EXPECT_TRUE(one(R"({"cve":{"id":"CVE-2026-0001","vulnStatus":")" + std::string(status) + "\"}}").unanalyzed)
        << status;
}

std::string nested_nodes(int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += R"({"operator":"OR","children":[)";
  for (int i = 0; i < depth; ++i) text += "]}";
  return R"({"_annotation":{"cve_id":"CVE-2024-1"},"cve":{"configurations":[)" + text + "]}}";
}

TEST(Feeds, HoldTheirLimits) {
  Read read;
  EXPECT_EQ(read_into(nested_nodes(12), read).error().code, "HF-VULN-0002");
  EXPECT_EQ(read_into(std::string(200, '[') + std::string(200, ']'), read).error().code, "HF-VULN-0002");
  EXPECT_EQ(read_into("{\"a\":1}", read, {.bytes_max = 3}).error().code, "HF-VULN-0002");
  EXPECT_EQ(read_into("{\"a\":", read).error().code, "HF-VULN-0001");
  EXPECT_EQ(read_into("{\"a\":\"\xff\"}", read).error().code, "HF-VULN-0001");
  EXPECT_EQ(read_into(R"({"a":[{"b":{"c":1,"d":2,"c":1}}]})", read).error().message,
            "an object has the key \"c\" twice");
  EXPECT_EQ(read_into(R"({"a":1,"":2,"":3})", read).error().code, "HF-VULN-0001");
  std::string many = R"({"k0":0)";
  for (int i = 1; i < 40; ++i) many += ",\"k" + std::to_string(i) + "\":{\"k0\":0}";
  EXPECT_TRUE(read_into(many + "}", read)) << "the same key in different objects";
  EXPECT_EQ(read_into(many + R"(,"k17":0})", read).error().message, "an object has the key \"k17\" twice");
  EXPECT_EQ(read_into(R"({"dataType":"CVE_RECORD","cveMetadata":{"cveId":"x"},"containers":{}})", read).error().code,
            "HF-VULN-0003");
  const auto versions = cve(R"({"product":"a","versions":[{"version":"1"},{"version":"2"}]})");
  EXPECT_EQ(read_into(versions, read, {.versions_max = 1}).error().code, "HF-VULN-0002");
  EXPECT_EQ(*read_into("{\"a\":1}", read), DocumentKind::other);
  EXPECT_EQ(*read_into("# Licence", read), DocumentKind::other);
}

TEST(Feeds, WrongTypesReadAsAbsent) {
  const auto a = one(
      R"({"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2024-0004"},"containers":{"cna":{"affected":[1,null,"x",
    {"vendor":[],"product":{"a":1},"versions":[3,{"version":7,"lessThan":[]}],"cpes":"x"}],"metrics":{},"descriptions":7},"adp":{}}})");
  EXPECT_EQ(a.statements.size(), 4U);
  EXPECT_EQ(a.statements[3].versions.size(), 2U);
  EXPECT_EQ(a.statements[3].versions[1].reading, Reading::unreadable);
}

TEST(Osv, EventsBecomeIntervals) {
  const auto a = one(
      R"({"schema_version":"1.7.5","id":"GO-2024-1","modified":"2024-01-01T00:00:00Z","aliases":["CVE-2024-1","GHSA-a"],"upstream":["X-1"],
    "affected":[{"package":{"ecosystem":"Go","name":"github.com/a/b/v2"},"ranges":[{"type":"SEMVER","events":[
      {"fixed":"1.2.0"},{"introduced":"0"},{"introduced":"2.0.0"},{"last_affected":"2.3.0"},{"introduced":"3.0.0"}]}]}]})");
  ASSERT_EQ(a.statements.size(), 1U);
  const auto& s = a.statements[0];
  EXPECT_EQ(s.purl, "pkg:golang/github.com/a/b/v2");
  EXPECT_EQ(s.rule, Rule::any_match);
  EXPECT_EQ(
      s.versions[0].range.intervals,
      (std::vector<Interval>{{"", true, "1.2.0", false}, {"2.0.0", true, "2.3.0", true}, {"3.0.0", true, "", false}}));
  EXPECT_EQ(a.aliases, (std::vector<std::string>{"CVE-2024-1", "GHSA-a"}));
  EXPECT_EQ(a.upstream, std::vector<std::string>{"X-1"});
}

TEST(Osv, GitRangesNameARepositoryAndCommits) {
  const auto a = one(
      R"({"id":"OSV-1","modified":"2024-01-01T00:00:00Z","affected":[{"ranges":[{"type":"GIT","repo":"https://github.com/A/B",
    "events":[{"introduced":"0"},{"fixed":"abcdef0123456789abcdef0123456789abcdef01"}]}],"versions":["v1.0","v1.1"]}]})");
  EXPECT_EQ(lookup_keys(a), std::vector<std::string>{"git:github.com/a/b"});
  EXPECT_TRUE(a.statements[0].versions[0].git);
  EXPECT_EQ(a.statements[0].versions[1].range.exact.size(), 2U);
}

TEST(Osv, ARangeThatSaysTooMuchIsUnreadable) {
  const auto custom =
      one(R"({"id":"GO-1","modified":"0001-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"Go","name":"a.b/c"},
    "ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],"ecosystem_specific":{"custom_ranges":[{"type":"ECOSYSTEM"}]}}]})");
  EXPECT_EQ(custom.statements[0].versions[0].reading, Reading::unreadable);
  EXPECT_FALSE(custom.modified) << "Go writes year 1 for no date";
  const auto none =
      one(R"({"id":"X-1","modified":"2024-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"}}]})");
  EXPECT_EQ(none.statements[0].versions[0].reading, Reading::unreadable);
}

TEST(Osv, Withdrawn) {
  EXPECT_TRUE(one(R"({"id":"X-2","modified":"2024-01-01T00:00:00Z","withdrawn":"2024-02-01T00:00:00Z"})").withdrawn);
}

TEST(Kev, ReadsAndCounts) {
  Read read;
  ASSERT_EQ(
      *read_into(
          R"({"catalogVersion":"2025.08.25","count":1,"vulnerabilities":[{"cveID":"CVE-2025-1","dateAdded":"2025-08-25",
    "dueDate":"2025-09-15","knownRansomwareCampaignUse":"Known"}]})",
          read),
      DocumentKind::kev);
  EXPECT_EQ(read.kev.version, "2025.08.25");
  EXPECT_TRUE(read.kev.entries.at(0).ransomware);
  EXPECT_EQ(
      read_into(R"({"catalogVersion":"x","count":2,"vulnerabilities":[{"cveID":"CVE-2025-1"}]})", read).error().code,
      "HF-VULN-0004");
}

TEST(Epss, ReadsScoresAndRefusesTheRest) {
  Read read;
  ASSERT_EQ(*read_into("#model_version:v2025.03.14,score_date:2026-01-01T00:00:00+0000\r\ncve,epss,percentile\r\nCVE-"
                       "2024-1,0.5,0.99\r\n"
                       "CVE-2024-2,7,0.1\nx\nCVE-2024-3,nan,0\n",
                       read),
            DocumentKind::epss);
  EXPECT_EQ(read.epss, (std::vector<std::pair<std::string, double>>{{"CVE-2024-1", 0.5}}));
  EXPECT_EQ(read.epss_head.model_version, "v2025.03.14");
}

TEST(Repo, OneKeyForEverySpelling) {
  for (const auto* url : {"https://github.com/a/b.git", "git@github.com:a/b", "git://github.com/a/b/",
                          "ssh://git@github.com:22/A/B.git", "git+https://github.com/a/b#x"})
    EXPECT_EQ(repo_key(url), "github.com/a/b") << url;
  EXPECT_EQ(repo_key("nonsense"), "");
}

TEST(Codec, GivesBackWhatItTook) {
  for (auto a :
       {one(nested_nodes(3)),
        one(cve(R"({"vendor":"Acme","product":"Widget","versions":[{"version":"1","lessThan":"2","status":"affected",
      "changes":[{"at":"1.5","status":"unaffected"}]},{"version":"n/a"}]})"))}) {
    a.cvss.push_back({"3.1", "v", "high", "s", 9.8});
    const auto bytes = encode(a);
    const auto back = decode(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, a);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(decode(bytes.substr(0, cut))) << cut;
  }
  EXPECT_EQ(decode("").error().code, "HF-VULN-0010");
}

std::filesystem::path shared_data() {
  if (const char* folder = std::getenv("HF_SHARED_DATA")) return folder;
  return std::filesystem::path(HF_TEST_DATA) / "../../../shared/data";
}

struct Corpus {
  std::string_view file;
  DocumentKind kind;
  std::size_t documents;
};
class RealFeeds : public testing::TestWithParam<Corpus> {};

TEST_P(RealFeeds, EveryRecordIsReadAndSurvivesStorage) {
  const auto& c = GetParam();
  const auto path = shared_data() / c.file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no " << path << ": set HF_SHARED_DATA";
  std::map<DocumentKind, std::size_t> kinds;
  JsonReader reader;
  std::size_t warnings = 0, checked = 0;
  const FeedSink sink{.advisory = [&](Advisory a) -> Result<void> {
                        warnings += a.warnings.size();
                        if (++checked % 16 == 0) {
                          const auto back = decode(encode(a));
                          EXPECT_TRUE(back && *back == a) << a.id;
                        }
                        return {};
                      },
                      .kev = [](KevCatalog) -> Result<void> { return {}; },
                      .epss_head = [](const EpssHead&) -> Result<void> { return {}; },
                      .epss = [](const EpssScore&) -> Result<void> { return {}; }};
  const auto totals = archive::for_each_document(path, {}, [&](const archive::Document& document) -> Result<bool> {
    const auto kind = read_document(reader, document.bytes, sink);
    EXPECT_TRUE(kind) << document.name << ": " << kind.error().message;
    if (kind) ++kinds[*kind];
    return true;
  });
  ASSERT_TRUE(totals) << totals.error().detail;
  EXPECT_EQ(kinds[c.kind], c.documents);
  RecordProperty("warnings", std::to_string(warnings));
  std::cout << c.file << ": " << warnings << " warnings\n";
}

INSTANTIATE_TEST_SUITE_P(Shared, RealFeeds,
                         testing::Values(Corpus{"cve5/vulnrichment-2024-10.tar.zst", DocumentKind::cve5, 44'130},
                                         Corpus{"nvd/nvd-data-overrides-2026-08.tar.zst", DocumentKind::nvd, 32'184},
                                         Corpus{"osv/golang-vulndb-2026-08.tar.zst", DocumentKind::osv, 4'291},
                                         Corpus{"osv/bitnami-vulndb-2026-08.tar.zst", DocumentKind::osv, 7'444},
                                         Corpus{"kev/known_exploited_vulnerabilities.json.zst", DocumentKind::kev, 1}));

}  // namespace
}  // namespace hf::vuln
