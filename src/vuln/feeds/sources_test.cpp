#include "vuln/feeds/sources.h"

#include <gtest/gtest.h>

#include <fstream>

namespace hf::vuln {
namespace {

namespace fs = std::filesystem;

class Sources : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("hf-sources-" + std::to_string(::getpid()) + "-" +
                                         testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, std::string_view bytes) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << bytes;
  }
  Result<SourceReport> read(const SourceLimits& limits = {}) {
    seen_.clear();
    return read_source(root_, limits,
                       {.advisory = [this](const Advisory& a) -> Result<void> {
                          if (a.id == refuse_) return fail(ErrorKind::unavailable, "HF-TEST-0001", "the store is full");
                          seen_.push_back(a.id);
                          return {};
                        },
                        .kev = {},
                        .epss_head = {},
                        .epss = {}});
  }

  fs::path root_;
  std::vector<std::string> seen_;
  std::string refuse_;
};

constexpr std::string_view kOsv =
    R"({"id":"GHSA-1","modified":"2024-05-06T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},
    "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]})";
constexpr std::string_view kPage =
    R"({"format":"NVD_CVE","vulnerabilities":[{"cve":{"id":"CVE-2024-1","vulnStatus":"Deferred","lastModified":"2024-07-01T00:00:00"}},
    {"cve":{"id":"not a number"}},{"cve":{"id":"CVE-2024-3","vulnStatus":"Analyzed"}}]})";

TEST_F(Sources, CountsEveryKindInOrder) {
  write("b/osv.json", kOsv);
  write(
      "a/page.json",
      R"({"format":"NVD_CVE","vulnerabilities":[{"cve":{"id":"CVE-2024-1","vulnStatus":"Deferred","lastModified":"2024-07-01T00:00:00"}}]})");
  write(
      "kev.json",
      R"({"catalogVersion":"2025.08.25","dateReleased":"2025-08-25","count":1,"vulnerabilities":[{"cveID":"CVE-2024-1"}]})");
  write("epss.csv", "#model_version:v1,score_date:2026-01-01T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1,0.5,0.9\n");
  write("README.md", "# not a feed");
  const auto report = read();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(seen_, (std::vector<std::string>{"CVE-2024-1", "GHSA-1"})) << "byte order of names";
  EXPECT_EQ(report->documents, 5U);
  EXPECT_EQ(report->by_kind, (std::array<std::uint64_t, kDocumentKinds>{0, 1, 1, 1, 1, 1}));
  EXPECT_EQ(report->advisories, 2U);
  EXPECT_EQ(report->unanalyzed, 1U);
  EXPECT_EQ(report->kev_entries, 1U);
  EXPECT_EQ(report->epss_scores, 1U);
  EXPECT_EQ(format_rfc3339(*report->newest), "2024-07-01T00:00:00Z");
  EXPECT_EQ(report->kev_version, "2025.08.25");
  EXPECT_EQ(report->sha256, *source_digest(root_));
  const auto back = source_report_of(to_json(*report));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, *report);
}

TEST_F(Sources, AnUnreadableDocumentIsNamedAndTheRestIsRead) {
  write("1.json", R"({"id":"GHSA-1","affected":)");
  write("2.json", kOsv);
  write("3.json", kPage);
  write("4.json", "{\"id\":\"\xff\",\"affected\":[]}");
  const auto report = read();
  ASSERT_TRUE(report);
  EXPECT_EQ(seen_, (std::vector<std::string>{"GHSA-1", "CVE-2024-1", "CVE-2024-3"}))
      << "a bad record does not cost its page";
  EXPECT_EQ(report->unreadable_count, 3U);
  ASSERT_EQ(report->unreadable.size(), 3U);
  EXPECT_EQ(report->unreadable[0].document, "1.json");
  EXPECT_EQ(report->unreadable[0].code, "HF-VULN-0001");
  EXPECT_EQ(report->unreadable[1].document, "3.json");
  EXPECT_EQ(report->unreadable[1].code, "HF-VULN-0003");
  SourceLimits few;
  few.unreadable_named_max = 1;
  const auto counted = read(few);
  EXPECT_EQ(counted->unreadable_count, 3U);
  EXPECT_EQ(counted->unreadable.size(), 1U);
}

TEST_F(Sources, WhatTheSinkRefusesEndsTheReading) {
  write("1.json", kOsv);
  write("2.json", kPage);
  refuse_ = "CVE-2024-1";
  const auto report = read();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, "HF-TEST-0001");
  EXPECT_EQ(seen_, std::vector<std::string>{"GHSA-1"});
}

TEST_F(Sources, TheDigestIsOfNamesAndBytes) {
  write("a", "1");
  const auto first = *source_digest(root_);
  write("a", "2");
  EXPECT_NE(*source_digest(root_), first);
  fs::remove(root_ / "a");
  write("b", "1");
  EXPECT_NE(*source_digest(root_), first);
  fs::rename(root_ / "b", root_ / "a");
  EXPECT_EQ(*source_digest(root_), first);
  EXPECT_EQ(source_digest(root_ / "none").error().code, "HF-ARCHIVE-0005");
}

TEST_F(Sources, AStoredReportThatCannotBeReadIsRefused) {
  EXPECT_EQ(source_report_of({}).error().code, "HF-VULN-0013");
  EXPECT_EQ(source_report_of({{"sha256", "x"}, {"documents", "many"}}).error().code, "HF-VULN-0013");
  EXPECT_EQ(source_report_of({{"sha256", "x"}, {"newest", "yesterday"}}).error().code, "HF-VULN-0013");
}

}  // namespace
}  // namespace hf::vuln
