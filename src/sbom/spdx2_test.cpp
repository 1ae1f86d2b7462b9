// What the SPDX 2 reader keeps.
#include <gtest/gtest.h>

#include "sbom/parse.h"

namespace hf::sbom {
namespace {

Document read(std::string_view json) {
  auto document = parse(bytes_of(json));
  EXPECT_TRUE(document) << document.error().message << " " << document.error().detail;
  return document ? *std::move(document) : Document{};
}

std::string document(std::string_view members) {
  return R"({"spdxVersion":"SPDX-2.3","SPDXID":"SPDXRef-DOCUMENT","dataLicense":"CC0-1.0","name":"d",
    "documentNamespace":"https://example.com/d","creationInfo":{"created":"2026-11-25T09:00:00Z","creators":["Tool: t"]},)" +
         std::string(members) + "}";
}

TEST(Spdx2, KeepsEveryIdentityClaimOfAPackage) {
  const auto doc = read(document(R"j("documentDescribes":["SPDXRef-a"],"packages":[
    {"SPDXID":"SPDXRef-a","name":"openssl","versionInfo":"3.0.11","supplier":"Organization: OpenSSL (a@b)","originator":"Person: X",
     "downloadLocation":"git+https://github.com/openssl/openssl@abc123","filesAnalyzed":false,"primaryPackagePurpose":"LIBRARY",
     "licenseConcluded":"Apache-2.0","licenseDeclared":"NOASSERTION","copyrightText":"NONE",
     "checksums":[{"algorithm":"SHA256","checksumValue":"AB"}],"sourceInfo":"CVEs fixed: CVE-2023-1111 CVE-2023-22222",
     "externalRefs":[
       {"referenceCategory":"PACKAGE_MANAGER","referenceType":"purl","referenceLocator":"pkg:generic/openssl@3.0.11"},
       {"referenceCategory":"SECURITY","referenceType":"cpe22Type","referenceLocator":"cpe:/a:openssl:openssl:3.0.11"},
       {"referenceCategory":"SECURITY","referenceType":"http://spdx.org/rdf/references/cpe23Type","referenceLocator":"cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"},
       {"referenceCategory":"SECURITY","referenceType":"advisory","referenceLocator":"https://nvd.nist.gov/vuln/detail/CVE-2020-28498"}]},
    {"SPDXID":"SPDXRef-b","name":"b","downloadLocation":"NOASSERTION","supplier":"NOASSERTION","licenseConcluded":"NONE"}])j"));
  EXPECT_EQ(doc.spec_version, "2.3");
  EXPECT_EQ(doc.serial, "https://example.com/d");
  ASSERT_TRUE(doc.subject);
  EXPECT_EQ(doc.subject->ref, "SPDXRef-a");
  ASSERT_EQ(doc.components.size(), 2U);
  const auto& c = doc.components[0];
  EXPECT_EQ(c.version, "3.0.11");
  EXPECT_EQ(c.supplier, "OpenSSL");
  EXPECT_EQ(c.type, "library");
  EXPECT_EQ(c.purl, "pkg:generic/openssl@3.0.11");
  EXPECT_EQ(c.cpes, (std::vector<std::string_view>{"cpe:/a:openssl:openssl:3.0.11",
                                                   "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*"}));
  ASSERT_EQ(c.hashes.size(), 1U);
  EXPECT_EQ(c.hashes[0].algorithm, "SHA-256");
  EXPECT_EQ(c.hashes[0].value, "ab");
  ASSERT_EQ(c.vcs.size(), 1U);
  EXPECT_EQ(c.vcs[0].commit, "abc123");
  ASSERT_EQ(c.licenses.size(), 1U);
  EXPECT_TRUE(c.licenses[0].concluded);
  ASSERT_EQ(c.patched.size(), 2U);
  EXPECT_EQ(c.patched[1].vulnerability, "CVE-2023-22222");
  ASSERT_EQ(doc.vex.size(), 1U);
  EXPECT_EQ(doc.vex[0].vulnerability, "CVE-2020-28498");
  EXPECT_EQ(doc.vex[0].status, VexStatus::unknown);
  EXPECT_EQ(doc.vex[0].products[0].ref, "SPDXRef-a");
  EXPECT_EQ(doc.components[1].supplier, "");
  EXPECT_TRUE(doc.components[1].licenses.empty());
  EXPECT_EQ(doc.unidentified(), std::vector<std::string_view>{"SPDXRef-b"});
}

TEST(Spdx2, ReadsEachRelationshipInOneDirection) {
  const auto doc = read(document(R"("packages":[
      {"SPDXID":"SPDXRef-a","name":"a","downloadLocation":"NONE","hasFiles":["SPDXRef-f"]},
      {"SPDXID":"SPDXRef-b","name":"b","downloadLocation":"NONE"}],
    "files":[{"SPDXID":"SPDXRef-f","fileName":"./f.c","checksums":[{"algorithm":"SHA1","checksumValue":"0123456789012345678901234567890123456789"}],"fileTypes":["SOURCE"]}],
    "relationships":[
      {"spdxElementId":"SPDXRef-a","relationshipType":"DESCRIBED_BY","relatedSpdxElement":"SPDXRef-DOCUMENT"},
      {"spdxElementId":"SPDXRef-a","relationshipType":"CONTAINS","relatedSpdxElement":"SPDXRef-f"},
      {"spdxElementId":"SPDXRef-a","relationshipType":"DEPENDS_ON","relatedSpdxElement":"SPDXRef-b"},
      {"spdxElementId":"SPDXRef-b","relationshipType":"DEPENDENCY_OF","relatedSpdxElement":"SPDXRef-a"},
      {"spdxElementId":"SPDXRef-b","relationshipType":"CONTAINED_BY","relatedSpdxElement":"SPDXRef-a"},
      {"spdxElementId":"SPDXRef-b","relationshipType":"BUILD_TOOL_OF","relatedSpdxElement":"SPDXRef-a"},
      {"spdxElementId":"SPDXRef-f","relationshipType":"GENERATES","relatedSpdxElement":"SPDXRef-a"},
      {"spdxElementId":"SPDXRef-a","relationshipType":"VARIANT_OF","relatedSpdxElement":"DocumentRef-x:SPDXRef-c"},
      {"spdxElementId":"SPDXRef-a","relationshipType":"DEPENDS_ON","relatedSpdxElement":"NOASSERTION"}],
    "externalDocumentRefs":[{"externalDocumentId":"DocumentRef-x","spdxDocument":"https://example.com/x",
      "checksum":{"algorithm":"SHA1","checksumValue":"0123456789012345678901234567890123456789"}}])"));
  ASSERT_TRUE(doc.subject);
  EXPECT_EQ(doc.subject->ref, "SPDXRef-a");
  ASSERT_EQ(doc.components[0].files.size(), 1U);  // hasFiles and CONTAINS say the same
  EXPECT_EQ(doc.files[0].purpose, "source");
  struct Expected {
    std::string_view from, to;
    EdgeKind kind;
  };
  const Expected expected[] = {
      {"SPDXRef-a", "SPDXRef-b", EdgeKind::depends_on},     {"SPDXRef-a", "SPDXRef-b", EdgeKind::depends_on},
      {"SPDXRef-a", "SPDXRef-b", EdgeKind::contains},       {"SPDXRef-a", "SPDXRef-b", EdgeKind::build_depends_on},
      {"SPDXRef-a", "SPDXRef-f", EdgeKind::generated_from}, {"SPDXRef-a", "DocumentRef-x:SPDXRef-c", EdgeKind::other}};
  ASSERT_EQ(doc.edges.size(), std::size(expected));
  for (std::size_t i = 0; i < doc.edges.size(); ++i) {
    EXPECT_EQ(doc.edges[i].from, expected[i].from) << i;
    EXPECT_EQ(doc.edges[i].to, expected[i].to) << i;
    EXPECT_EQ(doc.edges[i].kind, expected[i].kind) << i;
  }
  EXPECT_EQ(doc.edges.back().name, "VARIANT_OF");
}

}  // namespace
}  // namespace hf::sbom
