// Hand-checked cases of matching: what a record says, what a component claims, and the state that follows. Each was
// worked out from the text that it cites, not from this program's answer.
#include "vuln/match/match_test.h"

namespace hf::vuln {
namespace {

using namespace test;

std::string cve(std::string_view vendor, std::string_view product, std::string_view fallback,
                std::string_view versions) {
  return R"({"vendor":")" + std::string(vendor) + R"(","product":")" + std::string(product) + R"(","defaultStatus":")" +
         std::string(fallback) + R"(","versions":[)" + std::string(versions) + "]}";
}
std::string nvd(std::string_view matches) {
  return R"({"nodes":[{"operator":"OR","negate":false,"cpeMatch":[)" + std::string(matches) + "]}]}";
}

struct Case {
  std::string_view name;
  Advisory record;
  std::vector<Subject> set;    // the first one is asked about
  std::optional<State> state;  // none: no word about it
};

std::vector<Case> cases() {
  // CVE-2024-36971 as its CNA writes it: introduced by default "affected", fixed per stable branch.
  const auto kernel = cve_record(
      "CVE-2024-36971",
      cve("Linux", "Linux", "affected",
          R"({"version":"4.6","status":"affected"},{"version":"0","lessThan":"4.6","status":"unaffected","versionType":"custom"},
         {"version":"6.1.94","lessThanOrEqual":"6.1.*","status":"unaffected","versionType":"custom"},
         {"version":"6.10","lessThanOrEqual":"*","status":"unaffected","versionType":"original_commit_for_fix"})"));
  const auto linux_at = [](std::string_view version) {
    return component("linux-yocto", version, {"cpe:2.3:*:*:linux_kernel:" + std::string(version) + ":*:*:*:*:*:*:*"});
  };
  const auto openssl = [](std::string_view version) {
    return component("openssl", version, {"cpe:2.3:a:openssl:openssl:" + std::string(version) + ":*:*:*:*:*:*:*"});
  };
  const auto old_openssl = nvd_record(
      "CVE-2023-0286",
      nvd(
          R"({"vulnerable":true,"criteria":"cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*","versionStartIncluding":"1.0.2","versionEndExcluding":"1.0.2zg"},
         {"vulnerable":true,"criteria":"cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*","versionStartIncluding":"1.1.1","versionEndExcluding":"1.1.1t"})"));
  const auto router = nvd_record(
      "CVE-2024-0002",
      R"({"operator":"AND","nodes":[{"operator":"OR","cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:o:v:fw:*:*:*:*:*:*:*:*","versionEndExcluding":"2.0"}]},
      {"operator":"OR","cpeMatch":[{"vulnerable":false,"criteria":"cpe:2.3:h:v:router:-:*:*:*:*:*:*:*"}]}]})");
  const auto fw = component("fw", "1.0", {"cpe:2.3:o:v:fw:1.0:*:*:*:*:*:*:*"});
  const auto hw = component("router", "", {"cpe:2.3:h:v:router:-:*:*:*:*:*:*:*"});
  const auto other_hw = component("camera", "", {"cpe:2.3:h:v:camera:-:*:*:*:*:*:*:*"});
  const auto na =
      nvd_record("CVE-2024-0003", nvd(R"({"vulnerable":true,"criteria":"cpe:2.3:a:acme:tool:-:*:*:*:*:*:*:*"})"));
  const auto node = nvd_record(
      "CVE-2024-0004",
      nvd(R"({"vulnerable":true,"criteria":"cpe:2.3:a:acme:mail:*:*:*:*:*:node.js:*:*","versionEndExcluding":"2"})"));
  const auto update = nvd_record(
      "CVE-2024-0005", nvd(R"({"vulnerable":true,"criteria":"cpe:2.3:a:openbsd:openssh:8.3:p1:*:*:*:*:*:*"})"));
  const auto mysql = nvd_record(
      "CVE-2024-0006",
      nvd(R"({"vulnerable":true,"criteria":"cpe:2.3:a:oracle:mysql:*:*:*:*:*:*:*:*","versionEndExcluding":"8.1"})"));
  const auto changes = cve_record(
      "CVE-2024-0007",
      cve("acme", "widget", "unaffected",
          R"({"version":"1.0.0","lessThan":"2.0.0","status":"affected","versionType":"semver","changes":[{"at":"1.4.2","status":"unaffected"}]})"));
  const auto widget = [](std::string_view version) {
    return component("widget", version, {"cpe:2.3:a:acme:widget:" + std::string(version) + ":*:*:*:*:*:*:*"});
  };
  const auto prose =
      cve_record("CVE-2019-1547",
                 cve("OpenSSL", "OpenSSL", "unknown",
                     R"json({"version":"Fixed in OpenSSL 1.1.1d (Affected 1.1.1-1.1.1c)","status":"affected"})json"));
  const auto last = osv_record(
      "BIT-1",
      R"("affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0.0"},{"last_affected":"1.2.0"}]}]}])");
  const auto a = [](std::string_view version) {
    return component("a", version, {"pkg:npm/a@" + std::string(version)});
  };
  const auto git = osv_record(
      "OSV-1",
      R"("affected":[{"ranges":[{"type":"GIT","repo":"https://github.com/a/b","events":[{"introduced":"0"},{"fixed":"abcdef0123456789abcdef0123456789abcdef01"}]}],"versions":["v1.0"]}])");
  const auto adp = cve_record(
      "CVE-2021-47284",
      cve("Linux", "Linux", "unaffected",
          R"({"version":"1da177e4c3f4","lessThan":"9d7d4649dc1c","status":"affected","versionType":"custom"})"));
  auto backported = openssl("1.1.1k");
  backported.patched.push_back({"CVE-2023-0286", "backport", ""});
  const auto debian =
      component("openssl", "1.1.1n-0+deb11u5",
                {"pkg:deb/debian/openssl@1.1.1n-0%2Bdeb11u5", "cpe:2.3:a:openssl:openssl:1.1.1n:*:*:*:*:*:*:*"});

  using enum State;
  return {
      {"kernel: the branch is not fixed yet", kernel, {linux_at("6.1.93")}, affected},
      {"kernel: the branch's fix", kernel, {linux_at("6.1.94")}, not_affected},
      {"kernel: a later one of the branch", kernel, {linux_at("6.1.100")}, not_affected},
      {"kernel: a branch without a fix", kernel, {linux_at("6.2.5")}, affected},
      {"kernel: a release candidate is before the release", kernel, {linux_at("6.10-rc1")}, affected},
      {"kernel: after the mainline fix", kernel, {linux_at("6.12.38")}, not_affected},
      {"kernel: before it was introduced", kernel, {linux_at("4.4.1")}, not_affected},
      {"kernel: commits under versionType custom are commits", adp, {linux_at("6.12.38")}, unknown},
      {"openssl: zf is before zg", old_openssl, {openssl("1.0.2zf")}, affected},
      {"openssl: z is before zg", old_openssl, {openssl("1.0.2z")}, affected},
      {"openssl: zg is fixed", old_openssl, {openssl("1.0.2zg")}, not_affected},
      {"openssl: s is before t", old_openssl, {openssl("1.1.1s")}, affected},
      {"openssl: no letter is before a", old_openssl, {openssl("1.1.1")}, affected},
      {"openssl: 3.0 is another line", old_openssl, {openssl("3.0.11")}, not_affected},
      {"openssl: backported by the build", old_openssl, {backported}, fixed},
      {"openssl: a distribution may have backported", old_openssl, {debian}, unknown},
      {"openssl: affected is in the brackets", prose, {openssl("1.1.1b")}, affected},
      {"openssl: after the brackets, default unknown", prose, {openssl("1.1.1d")}, unknown},
      {"AND: firmware on its hardware", router, {fw, hw}, affected},
      {"AND: hardware not described", router, {fw}, unknown},
      {"AND: on other hardware", router, {fw, other_hw}, not_affected},
      {"AND: the hardware alone is not vulnerable", router, {hw, fw}, std::nullopt},
      {"CPE: '-' covers no stated version",
       na,
       {component("tool", "1.0", {"cpe:2.3:a:acme:tool:1.0:*:*:*:*:*:*:*"})},
       not_affected},
      {"CPE: '-' covers '-'", na, {component("tool", "", {"cpe:2.3:a:acme:tool:-:*:*:*:*:*:*:*"})}, affected},
      {"CPE: a variant the component does not state",
       node,
       {component("mail", "1.0", {"cpe:2.3:a:acme:mail:1.0:*:*:*:*:*:*:*"})},
       unknown},
      {"CPE: another vendor's product of that name",
       mysql,
       {component("mysql", "1.5", {"cpe:2.3:a:go-sql-driver:mysql:1.5:*:*:*:*:*:*:*"})},
       std::nullopt},
      {"CPE: an update is a part of the version",
       update,
       {component("openssh", "8.3p1", {"cpe:2.3:a:openbsd:openssh:8.3p1:*:*:*:*:*:*:*"})},
       affected},
      {"CPE: ... and its absence is another version",
       update,
       {component("openssh", "8.3", {"cpe:2.3:a:openbsd:openssh:8.3:*:*:*:*:*:*:*"})},
       not_affected},
      {"CVE 5: within a range", changes, {widget("1.4.1")}, affected},
      {"CVE 5: after a change in it", changes, {widget("1.4.2")}, not_affected},
      {"CVE 5: 1.10 is after 1.4", changes, {widget("1.10.0")}, not_affected},
      {"CVE 5: before the range", changes, {widget("0.9.0")}, not_affected},
      {"OSV: last_affected is affected", last, {a("1.2.0")}, affected},
      {"OSV: and nothing after it", last, {a("1.2.1")}, not_affected},
      {"OSV: a pre-release of the first one is before it", last, {a("1.0.0-rc.1")}, not_affected},
      {"OSV: a scoped package is another package",
       last,
       {component("a", "1.1.0", {"pkg:npm/%40x/a@1.1.0"})},
       std::nullopt},
      {"git: the fixing commit",
       git,
       {component("b", "", {"https://github.com/a/b@abcdef0123456789abcdef0123456789abcdef01"})},
       not_affected},
      {"git: a commit that only a graph can place",
       git,
       {component("b", "", {"https://github.com/a/b@0123456789abcdef0123456789abcdef01234567"})},
       unknown},
      {"git: a tag that the record lists", git, {component("b", "v1.0", {"pkg:github/a/b@v1.0"})}, affected},
  };
}

class HandChecked : public testing::TestWithParam<Case> {};

TEST_P(HandChecked, StateIs) {
  const auto& c = GetParam();
  const ComponentSet set(c.set);
  std::optional<Assessment> found;
  for (auto& each : assess(c.record, set, dictionary_of({c.record})))
    if (each.component == 0) found = std::move(each);
  ASSERT_EQ(found.has_value(), c.state.has_value()) << (found ? sentence_of(found->reason) : "no word");
  if (found) {
    EXPECT_EQ(name_of(found->state), name_of(*c.state)) << sentence_of(found->reason);
  }
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
INSTANTIATE_TEST_SUITE_P(Matching, HandChecked, testing::ValuesIn(cases()));

}  // namespace
}  // namespace hf::vuln
