// What the CycloneDX reader keeps, on small documents; cyclonedx_spec_test.cpp reads the published ones.
#include <gtest/gtest.h>

#include "sbom/parse.h"

namespace hf::sbom {
namespace {

Document read(std::string_view json) {
  auto document = parse(bytes_of(json));
  EXPECT_TRUE(document) << document.error().message << " " << document.error().detail;
  return document ? *std::move(document) : Document{};
}

TEST(CycloneDx, KeepsEveryIdentityClaimOfAComponent) {
  const auto doc = read(R"({"bomFormat":"CycloneDX","specVersion":"1.6","version":1,
    "serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
    "metadata":{"timestamp":"2026-11-25T09:00:00Z","tools":{"components":[{"type":"application","name":"a scanner"}]},
                "component":{"type":"firmware","bom-ref":"root","name":"gateway","version":"7"}},
    "components":[{"type":"library","bom-ref":"ssl","group":"org","name":"open\u0073sl","version":"3.0.11",
      "purl":"pkg:generic/openssl@3.0.11","cpe":"cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*",
      "supplier":{"name":"OpenSSL"},"hashes":[{"alg":"SHA-256","content":"ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789"}],
      "licenses":[{"license":{"id":"Apache-2.0","acknowledgement":"concluded"}},{"license":{"name":"own"}}],
      "externalReferences":[{"type":"vcs","url":"git+https://github.com/openssl/openssl.git#0123456789012345678901234567890123456789"},
                            {"type":"website","url":"https://openssl.org"}],
      "pedigree":{"patches":[{"type":"backport","diff":{"url":"0001.patch"},
        "resolves":[{"type":"security","id":"CVE-2024-0727"},{"type":"defect","id":"42"}]}]}}]})");
  EXPECT_EQ(doc.format, Format::cyclonedx);
  EXPECT_EQ(doc.spec_version, "1.6");
  EXPECT_EQ(doc.serial, "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79");
  ASSERT_TRUE(doc.subject);
  EXPECT_EQ(doc.subject->name, "gateway");
  ASSERT_EQ(doc.components.size(), 1U);  // the scanner is not a part of the product
  const auto& c = doc.components[0];
  EXPECT_EQ(c.ref, "ssl");
  EXPECT_EQ(c.name, "openssl");  // the escape is resolved
  EXPECT_EQ(c.version, "3.0.11");
  EXPECT_EQ(c.group, "org");
  EXPECT_EQ(c.supplier, "OpenSSL");
  EXPECT_EQ(c.purl, "pkg:generic/openssl@3.0.11");
  ASSERT_EQ(c.cpes.size(), 1U);
  ASSERT_EQ(c.hashes.size(), 1U);
  EXPECT_EQ(c.hashes[0].algorithm, "SHA-256");
  EXPECT_EQ(c.hashes[0].value, "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789");
  ASSERT_EQ(c.licenses.size(), 2U);
  EXPECT_EQ(c.licenses[0].value, "Apache-2.0");
  EXPECT_TRUE(c.licenses[0].concluded);
  EXPECT_EQ(c.licenses[1].kind, LicenseKind::name);
  ASSERT_EQ(c.vcs.size(), 1U);
  EXPECT_EQ(c.vcs[0].url, "https://github.com/openssl/openssl.git");
  EXPECT_EQ(c.vcs[0].commit, "0123456789012345678901234567890123456789");
  ASSERT_EQ(c.patched.size(), 1U);
  EXPECT_EQ(c.patched[0].vulnerability, "CVE-2024-0727");
  EXPECT_EQ(c.patched[0].source, "backport");
  EXPECT_EQ(c.patched[0].patch, "0001.patch");
}

TEST(CycloneDx, FlattensNestedComponentsWithAnEdgeFromTheParent) {
  const auto doc = read(R"({"bomFormat":"CycloneDX","specVersion":"1.4","version":1,
    "metadata":{"component":{"type":"device","bom-ref":"root","name":"box",
      "components":[{"type":"firmware","bom-ref":"boot","name":"boot"}]}},
    "components":[{"components":[{"type":"library","name":"inner"}],"type":"library","bom-ref":"outer","name":"outer"}],
    "dependencies":[{"dependsOn":["outer"],"ref":"root"}]})");
  ASSERT_EQ(doc.components.size(), 3U);
  EXPECT_EQ(doc.components[0].ref, "boot");
  EXPECT_EQ(doc.components[1].ref, "outer");
  EXPECT_EQ(doc.components[2].ref, "#/components/0/components/0");  // it has no bom-ref: its place is its name
  ASSERT_EQ(doc.edges.size(), 3U);
  EXPECT_EQ(doc.edges[0].from, "root");
  EXPECT_EQ(doc.edges[0].to, "outer");
  EXPECT_EQ(doc.edges[0].kind, EdgeKind::depends_on);
  EXPECT_EQ(doc.edges[1].from, "root");
  EXPECT_EQ(doc.edges[1].to, "boot");
  EXPECT_EQ(doc.edges[1].kind, EdgeKind::contains);
  EXPECT_EQ(doc.edges[2].from, "outer");
  EXPECT_EQ(doc.edges[2].to, "#/components/0/components/0");
}

TEST(CycloneDx, CountsWhatHasOnlyAName) {
  const auto doc = read(R"({"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[
    {"type":"library","bom-ref":"a","name":"a","version":"1"},
    {"type":"library","bom-ref":"b","name":"b","cpe":"cpe:2.3:a:b:b:1:*:*:*:*:*:*:*"},
    {"type":"library","bom-ref":"c","name":"c","externalReferences":[{"type":"vcs","url":"https://example.com/c.git"}]},
    {"type":"library","bom-ref":"d","name":"d","version":"0123456789012345678901234567890123456789",
     "externalReferences":[{"type":"vcs","url":"https://example.com/d.git"}]},
    {"type":"device","bom-ref":"e","name":"47155-4001","supplier":{"name":"Molex"}}]})");
  EXPECT_EQ(doc.unidentified(),
            (std::vector<std::string_view>{"a", "c"}));  // a repository without a commit names no code
}

TEST(CycloneDx, MapsEveryAnalysisStateAndKeepsItsWord) {
  const auto doc = read(R"({"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"vulnerabilities":[
    {"id":"CVE-2024-1","source":{"name":"NVD"},"references":[{"id":"GHSA-x","source":{"name":"GitHub"}}],
     "analysis":{"state":"not_affected","justification":"code_not_reachable","response":["will_not_fix","update"],"detail":"why"},
     "affects":[{"ref":"a"},{"ref":"b","versions":[{"version":"1","status":"unaffected"},{"range":"vers:semver/<2"}]}]},
    {"id":"2","analysis":{"state":"resolved"}},{"id":"3","analysis":{"state":"resolved_with_pedigree"}},
    {"id":"4","analysis":{"state":"exploitable"}},{"id":"5","analysis":{"state":"in_triage"}},
    {"id":"6","analysis":{"state":"false_positive"}},{"id":"7"}]})");
  ASSERT_EQ(doc.vex.size(), 7U);
  const auto& v = doc.vex[0];
  EXPECT_EQ(v.vulnerability, "CVE-2024-1");
  EXPECT_EQ(v.source, "NVD");
  EXPECT_EQ(v.aliases, std::vector<std::string_view>{"GHSA-x"});
  EXPECT_EQ(v.justification, "code_not_reachable");
  EXPECT_EQ(v.impact, "why");
  EXPECT_EQ(v.action, "will_not_fix,update");
  ASSERT_EQ(v.products.size(), 3U);
  EXPECT_EQ(v.products[0].ref, "a");
  EXPECT_EQ(v.products[1].version, "1");
  EXPECT_EQ(v.products[1].claim, "unaffected");
  EXPECT_EQ(v.products[2].range, "vers:semver/<2");
  EXPECT_EQ(v.products[2].claim, "affected");
  const VexStatus expected[] = {
      VexStatus::not_affected,        VexStatus::fixed,        VexStatus::fixed,  VexStatus::affected,
      VexStatus::under_investigation, VexStatus::not_affected, VexStatus::unknown};
  for (std::size_t i = 0; i < doc.vex.size(); ++i) EXPECT_EQ(doc.vex[i].status, expected[i]) << i;
}

TEST(CycloneDx, SplitsRepositoryAndCommit) {
  struct Case {
    std::string_view location, url, commit;
  };
  const Case cases[] = {
      {"git+https://host/a.git@0123", "https://host/a.git", "0123"},
      {"git+https://host/a.git@v1#sub/dir", "https://host/a.git", "v1"},
      {"git+ssh://git@host/a.git", "ssh://git@host/a.git", ""},
      {"git+ssh://git@host/a.git@v1", "ssh://git@host/a.git", "v1"},
      {"git+https://host/a.git#0123", "https://host/a.git", "0123"},
      {"https://host/a.tar.gz", "", ""},
  };
  for (const auto& c : cases) {
    const auto doc = read(
        R"({"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"library","name":"x",
      "externalReferences":[{"type":")" +
        std::string(c.url.empty() ? "distribution" : "vcs") + R"(","url":")" + std::string(c.location) + R"("}]}]})");
    ASSERT_EQ(doc.components.size(), 1U);
    if (c.url.empty()) {
      EXPECT_TRUE(doc.components[0].vcs.empty());
      continue;
    }
    ASSERT_EQ(doc.components[0].vcs.size(), 1U) << c.location;
    EXPECT_EQ(doc.components[0].vcs[0].url, c.url);
    EXPECT_EQ(doc.components[0].vcs[0].commit, c.commit);
  }
}

}  // namespace
}  // namespace hf::sbom
