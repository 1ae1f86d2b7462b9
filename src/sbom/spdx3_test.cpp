// What the SPDX 3 reader keeps: small graphs, and a real Yocto image counted independently.
#include <gtest/gtest.h>
#include <algorithm>

#include "sbom/parse.h"
#include "sbom/shared_data.h"

namespace hf::sbom {
namespace {

Document read(std::string_view json) {
  auto document = parse(bytes_of(json));
  EXPECT_TRUE(document) << document.error().message << " " << document.error().detail;
  return document ? *std::move(document) : Document{};
}

std::string graph(std::string_view elements) {
  return R"({"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
    {"@id":"_:c","type":"CreationInfo","specVersion":"3.0.1","created":"2026-11-25T09:00:00Z","createdBy":["urn:org"]},
    {"type":"Organization","spdxId":"urn:org","creationInfo":"_:c","name":"Maker"},)" +
         std::string(elements) + "]}";
}

constexpr std::string_view kImage = R"(
  {"type":"SpdxDocument","spdxId":"urn:doc","creationInfo":"_:c","rootElement":["urn:sbom"],"profileConformance":["core","software"]},
  {"type":"software_Sbom","spdxId":"urn:sbom","creationInfo":"_:c","rootElement":["urn:image"],"software_sbomType":["build"]},
  {"type":"software_Package","spdxId":"urn:image","creationInfo":"_:c","name":"image","suppliedBy":"urn:org"},
  {"spdxId":"urn:ssl","creationInfo":"_:c","name":"openssl","software_packageVersion":"3.0.11","type":"software_Package",
   "software_packageUrl":"pkg:yocto/core/openssl@3.0.11","software_primaryPurpose":"install",
   "externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"cpe23","identifier":"cpe:2.3:*:openssl:openssl:3.0.11:*:*:*:*:*:*:*"},
                         {"type":"ExternalIdentifier","externalIdentifierType":"packageUrl","identifier":"pkg:generic/openssl@3.0.11"}],
   "verifiedUsing":[{"type":"Hash","algorithm":"sha3_256","hashValue":"00AB"}]},
  {"type":"software_Package","spdxId":"urn:src","creationInfo":"_:c","name":"src","software_downloadLocation":
   "git+https://github.com/openssl/openssl@0123456789012345678901234567890123456789"},
  {"type":"software_File","spdxId":"urn:file","creationInfo":"_:c","name":"usr/lib/libssl.so.3","software_primaryPurpose":"executable"},
  {"type":"software_File","spdxId":"urn:c","creationInfo":"_:c","name":"ssl/s3_lib.c","software_primaryPurpose":"source"},
  {"type":"build_Build","spdxId":"urn:build","creationInfo":"_:c","name":"openssl:do_compile","build_buildType":"http://example.com/b"},
  {"type":"simplelicensing_LicenseExpression","spdxId":"urn:l","creationInfo":"_:c","simplelicensing_licenseExpression":"Apache-2.0"})";

constexpr std::string_view kRelations = R"(,
  {"type":"Relationship","spdxId":"urn:r1","creationInfo":"_:c","from":"urn:image","relationshipType":"contains","to":["urn:ssl"]},
  {"type":"Relationship","spdxId":"urn:r2","creationInfo":"_:c","from":"urn:ssl","relationshipType":"contains","to":["urn:file"]},
  {"type":"LifecycleScopedRelationship","spdxId":"urn:r3","creationInfo":"_:c","from":"urn:ssl","relationshipType":"dependsOn","to":["urn:image"],"scope":"build"},
  {"type":"LifecycleScopedRelationship","spdxId":"urn:r4","creationInfo":"_:c","from":"urn:build","relationshipType":"hasInput","to":["urn:src","urn:c"],"scope":"build"},
  {"type":"LifecycleScopedRelationship","spdxId":"urn:r5","creationInfo":"_:c","from":"urn:build","relationshipType":"hasOutput","to":["urn:ssl"],"scope":"build"},
  {"type":"Relationship","spdxId":"urn:r6","creationInfo":"_:c","from":"urn:ssl","relationshipType":"hasConcludedLicense","to":["urn:l"]},
  {"type":"Relationship","spdxId":"urn:r7","creationInfo":"_:c","from":"urn:src","relationshipType":"hasDeclaredLicense","to":["https://spdx.org/licenses/MIT"]})";

TEST(Spdx3, KeepsPackagesFilesBuildsAndLicences) {
  const auto doc = read(graph(std::string(kImage) + std::string(kRelations)));
  EXPECT_EQ(doc.format, Format::spdx);
  EXPECT_EQ(doc.spec_version, "3.0.1");
  EXPECT_EQ(doc.serial, "urn:doc");
  EXPECT_EQ(doc.created, "2026-11-25T09:00:00Z");
  ASSERT_TRUE(doc.subject);
  EXPECT_EQ(doc.subject->name, "image");
  EXPECT_EQ(doc.subject->supplier, "Maker");
  ASSERT_EQ(doc.components.size(), 3U);
  const auto& ssl = doc.components[1];
  EXPECT_EQ(ssl.ref, "urn:ssl");
  EXPECT_EQ(ssl.version, "3.0.11");
  EXPECT_EQ(ssl.type, "install");
  EXPECT_EQ(ssl.purl, "pkg:yocto/core/openssl@3.0.11");
  EXPECT_EQ(ssl.more_purls, std::vector<std::string_view>{"pkg:generic/openssl@3.0.11"});
  EXPECT_EQ(ssl.cpes, std::vector<std::string_view>{"cpe:2.3:*:openssl:openssl:3.0.11:*:*:*:*:*:*:*"});
  ASSERT_EQ(ssl.hashes.size(), 1U);
  EXPECT_EQ(ssl.hashes[0].algorithm, "SHA3-256");
  EXPECT_EQ(ssl.hashes[0].value, "00ab");
  ASSERT_EQ(ssl.licenses.size(), 1U);
  EXPECT_EQ(ssl.licenses[0].value, "Apache-2.0");
  EXPECT_TRUE(ssl.licenses[0].concluded);
  ASSERT_EQ(ssl.files.size(), 1U);
  EXPECT_EQ(doc.files[ssl.files[0]].path, "usr/lib/libssl.so.3");
  ASSERT_EQ(ssl.builds.size(), 1U);
  ASSERT_EQ(doc.builds[0].source_files.size(), 1U);
  EXPECT_EQ(doc.files[doc.builds[0].source_files[0]].path, "ssl/s3_lib.c");
  const auto& src = doc.components[2];
  ASSERT_EQ(src.vcs.size(), 1U);
  EXPECT_EQ(src.vcs[0].commit, "0123456789012345678901234567890123456789");
  ASSERT_EQ(src.licenses.size(), 1U);
  EXPECT_EQ(src.licenses[0].value, "MIT");
  EXPECT_EQ(doc.unidentified(), std::vector<std::string_view>{"urn:image"});

  const auto has = [&](std::string_view from, std::string_view to, EdgeKind kind) {
    return std::count_if(doc.edges.begin(), doc.edges.end(),
                         [&](const Edge& e) { return e.from == from && e.to == to && e.kind == kind; });
  };
  EXPECT_EQ(doc.edges.size(), 5U);
  EXPECT_EQ(has("urn:image", "urn:ssl", EdgeKind::contains), 1);
  EXPECT_EQ(has("urn:ssl", "urn:image", EdgeKind::build_depends_on), 1);
  EXPECT_EQ(has("urn:ssl", "urn:build", EdgeKind::generated_from), 1);
  EXPECT_EQ(has("urn:build", "urn:src", EdgeKind::generated_from), 1);
  EXPECT_EQ(has("urn:build", "urn:c", EdgeKind::generated_from), 1);
}

TEST(Spdx3, ReadsEmbeddedVex) {
  const auto doc = read(graph(std::string(kImage) + R"(,
    {"type":"security_Vulnerability","spdxId":"urn:v1","creationInfo":"_:c","externalIdentifier":[
      {"type":"ExternalIdentifier","externalIdentifierType":"securityOther","identifier":"GHSA-1"},
      {"type":"ExternalIdentifier","externalIdentifierType":"cve","identifier":"CVE-2024-0001"}]},
    {"type":"security_Vulnerability","spdxId":"urn:x/CVE-2024-0002","creationInfo":"_:c"},
    {"type":"security_VexNotAffectedVulnAssessmentRelationship","spdxId":"urn:a1","creationInfo":"_:c","from":"urn:v1","relationshipType":"doesNotAffect",
     "to":["urn:ssl"],"security_justificationType":"vulnerableCodeNotPresent","security_impactStatement":"not built","security_vexVersion":"1.0.0"},
    {"type":"security_VexFixedVulnAssessmentRelationship","spdxId":"urn:a2","creationInfo":"_:c","from":"urn:x/CVE-2024-0002","relationshipType":"fixedIn",
     "to":["urn:ssl","urn:elsewhere"]},
    {"type":"security_VexAffectedVulnAssessmentRelationship","spdxId":"urn:a3","creationInfo":"_:c","from":"urn:v1","relationshipType":"affects",
     "to":["urn:image"],"security_actionStatement":"update","suppliedBy":"urn:org"},
    {"type":"security_VexUnderInvestigationVulnAssessmentRelationship","spdxId":"urn:a4","creationInfo":"_:c","from":"urn:v1","relationshipType":"underInvestigationFor","to":["urn:src"]},
    {"type":"security_VexFixedVulnAssessmentRelationship","spdxId":"urn:a5","creationInfo":"_:c","from":"urn:v1","relationshipType":"fixedIn",
     "to":["urn:src"],"security_withdrawnTime":"2026-01-01T00:00:00Z"},
    {"type":"Relationship","spdxId":"urn:a6","creationInfo":"_:c","from":"urn:ssl","relationshipType":"hasAssociatedVulnerability","to":["urn:v1"]},
    {"type":"Relationship","spdxId":"urn:a7","creationInfo":"_:c","from":"urn:image","relationshipType":"hasAssociatedVulnerability","to":["urn:x/CVE-2024-0002"]},
    {"type":"Relationship","spdxId":"urn:a8","creationInfo":"_:c","from":"urn:image","relationshipType":"contains","to":["urn:elsewhere"]})"));
  ASSERT_EQ(doc.vex.size(), 5U);
  EXPECT_EQ(doc.vex[0].vulnerability, "CVE-2024-0001");
  EXPECT_EQ(doc.vex[0].aliases, std::vector<std::string_view>{"GHSA-1"});
  EXPECT_EQ(doc.vex[0].status, VexStatus::not_affected);
  EXPECT_EQ(doc.vex[0].justification, "vulnerableCodeNotPresent");
  EXPECT_EQ(doc.vex[0].impact, "not built");
  EXPECT_EQ(doc.vex[1].vulnerability, "CVE-2024-0002");  // no identifier: the last part of the IRI
  EXPECT_EQ(doc.vex[1].status, VexStatus::fixed);
  ASSERT_EQ(doc.vex[1].products.size(), 2U);
  EXPECT_EQ(doc.vex[1].products[1].ref, "urn:elsewhere");
  EXPECT_EQ(doc.vex[2].status, VexStatus::affected);
  EXPECT_EQ(doc.vex[2].action, "update");
  EXPECT_EQ(doc.vex[2].source, "Maker");
  EXPECT_EQ(doc.vex[3].status, VexStatus::under_investigation);
  EXPECT_EQ(doc.vex[4].vulnerability, "CVE-2024-0002");  // associated with the image, and assessed only for openssl
  EXPECT_EQ(doc.vex[4].status, VexStatus::unknown);
  ASSERT_EQ(doc.warnings.size(), 3U);
  EXPECT_EQ(doc.warnings[0].code, "HF-SBOM-0110");  // urn:elsewhere, twice
  EXPECT_EQ(doc.warnings[2].code, "HF-SBOM-0112");
  EXPECT_NE(doc.warnings[2].message.find("withdrawn"), std::string::npos);
}

TEST(Spdx3, ReadsElementsInPlaceOfTheirNames) {
  const auto doc = read(graph(R"(
    {"type":"software_Package","spdxId":"urn:p","creationInfo":"_:c","name":"p","suppliedBy":{"type":"Person","spdxId":"urn:me","creationInfo":"_:c","name":"Me"}},
    {"type":"Relationship","spdxId":"urn:r","creationInfo":"_:c","from":"urn:p","relationshipType":"contains","to":[
      {"type":"software_Package","spdxId":"urn:q","creationInfo":"_:c","name":"q"}]},
    {"type":"Relationship","spdxId":"urn:r2","creationInfo":"_:c","from":"urn:p","relationshipType":"hasConcludedLicense","to":[
      {"type":"expandedlicensing_DisjunctiveLicenseSet","spdxId":"urn:set","creationInfo":"_:c","expandedlicensing_member":["https://spdx.org/licenses/MIT",
        {"type":"expandedlicensing_WithAdditionOperator","spdxId":"urn:with","creationInfo":"_:c",
         "expandedlicensing_subjectExtendableLicense":"https://spdx.org/licenses/GPL-2.0-only",
         "expandedlicensing_subjectAddition":"https://spdx.org/licenses/Classpath-exception-2.0"}]}]})"));
  ASSERT_EQ(doc.components.size(), 2U);
  EXPECT_EQ(doc.components[0].supplier, "Me");
  ASSERT_EQ(doc.edges.size(), 1U);
  EXPECT_EQ(doc.edges[0].to, "urn:q");
  ASSERT_EQ(doc.components[0].licenses.size(), 1U);
  EXPECT_EQ(doc.components[0].licenses[0].value, "MIT OR (GPL-2.0-only WITH Classpath-exception-2.0)");
}

TEST(Spdx3, TakesOnlyTheFixedContext) {
  const auto code = [](std::string_view json) { return parse(bytes_of(json)).error().code; };
  EXPECT_EQ(code(R"({"@context":"https://example.com/context.jsonld","@graph":[]})"), "HF-SBOM-0004");
  EXPECT_EQ(code(R"({"@context":"https://spdx.org/rdf/3.1/spdx-context.jsonld","@graph":[]})"), "HF-SBOM-0004");
  EXPECT_EQ(
      code(R"({"@context":["https://spdx.org/rdf/3.0.1/spdx-context.jsonld",{"name":"other:name"}],"@graph":[]})"),
      "HF-SBOM-0004");
  EXPECT_EQ(code(R"({"@context":{"name":"other:name"},"@graph":[]})"), "HF-SBOM-0004");
}

// The expected numbers were counted over the plain JSON, not with this reader:
// core-image-minimal for qemux86-64, Yocto, SPDX 3.0.1 (data CC0-1.0).
TEST(Spdx3, ReadsARealYoctoImage) {
  const auto files = test::unpack(HF_TEST_DATA "/sbom/yocto-core-image-minimal-qemux86-64.rootfs.spdx3.json.zst");
  ASSERT_EQ(files.size(), 1U);
  const auto doc = read(files.begin()->second);
  EXPECT_EQ(doc.components.size(), 142U);
  EXPECT_EQ(doc.files.size(), 859U);
  EXPECT_EQ(doc.builds.size(), 115U);
  EXPECT_EQ(doc.vex.size(), 72U);
  EXPECT_EQ(std::count_if(doc.vex.begin(), doc.vex.end(), [](const auto& v) { return v.status == VexStatus::fixed; }),
            9);
  EXPECT_EQ(
      std::count_if(doc.vex.begin(), doc.vex.end(), [](const auto& v) { return v.status == VexStatus::not_affected; }),
      63);
  std::size_t cpes = 0, hashed = 0, commits = 0, licensed = 0, packaged = 0, sources = 0;
  for (const auto& c : doc.components) {
    cpes += c.cpes.size();
    hashed += !c.hashes.empty();
    commits += c.vcs.size();
    licensed += !c.licenses.empty();
    packaged += c.files.size();
  }
  for (const auto& b : doc.builds) sources += b.source_files.size();
  EXPECT_EQ(cpes, 42U);
  EXPECT_EQ(hashed, 82U);
  EXPECT_EQ(commits, 21U);
  EXPECT_EQ(licensed, 141U);
  EXPECT_EQ(packaged, 526U);
  EXPECT_EQ(sources, 488U);
  ASSERT_TRUE(doc.subject);
  EXPECT_EQ(doc.subject->name, "core-image-minimal");
  EXPECT_EQ(doc.created, "2011-04-05T23:00:00Z");
  EXPECT_EQ(doc.unidentified().size(), 2U);  // the image itself and packagegroup-core-boot, which contains nothing
  ASSERT_EQ(doc.warnings.size(), 1U);        // unzip's download location has a space
  EXPECT_EQ(doc.warnings[0].pointer, "/@graph/2297/software_downloadLocation");
}

}  // namespace
}  // namespace hf::sbom
