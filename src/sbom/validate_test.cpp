// What is refused, with which findings, and that nothing else is read.
#include <gtest/gtest.h>

#include "base/text.h"
#include "sbom/parse.h"

namespace hf::sbom {
namespace {

using Found = std::vector<std::pair<std::string, std::string_view>>;

Found found(std::string_view json, const Limits& limits = {}) {
  const Text text{std::string(json)};
  const auto findings = validate(text, limits);
  Found list;
  for (const auto& finding : findings) list.emplace_back(finding.pointer, finding.code);
  EXPECT_EQ(parse(text, limits).has_value(), findings.empty()) << json.substr(0, 200);
  return list;
}

std::string bom(std::string_view members, std::string_view version = "1.6") {
  return R"({"bomFormat":"CycloneDX","specVersion":")" + std::string(version) + R"(","version":1)" +
         (members.empty() ? "" : ",") + std::string(members) + "}";
}

std::string spdx2(std::string_view members, std::string_view version = "2.3") {
  return R"({"spdxVersion":"SPDX-)" + std::string(version) +
         R"(","SPDXID":"SPDXRef-DOCUMENT","name":"n","dataLicense":"CC0-1.0","documentNamespace":"https://example.com/n",)"
         R"("creationInfo":{"created":"2026-11-25T09:00:00Z","creators":["Tool: t"]})" +
         (members.empty() ? "" : ",") + std::string(members) + "}";
}

std::string spdx3(std::string_view elements) {
  return R"({"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[
    {"type":"CreationInfo","@id":"_:c","created":"2026-11-25T09:00:00Z","createdBy":["urn:a"],"specVersion":"3.0.1"},
    {"type":"Organization","spdxId":"urn:a","creationInfo":"_:c"})" +
         std::string(elements) + "]}";
}

TEST(Validate, ListsEveryFindingInDocumentOrder) {
  EXPECT_EQ(found(bom("")), Found{});
  EXPECT_EQ(found(bom(R"(
    "serialNumber":"urn:uuid:3E671687-395b-41f5-a30f-a58921a69b79",
    "metadata":{"timestamp":"2026-02-30T00:00:00Z","tools":{"components":[{"type":"application"}]}},
    "components":[
      {"type":"gadget","name":"a","hashes":[{"alg":"SHA-256","content":"xyz"}],"licenses":[{"license":{"id":"MIT","name":"MIT"}}]},
      {"type":"library","name":7,"colour":"red"},
      {"type":"library","name":"c","components":[{"type":"library","name":"d","evidence":{"identity":[{"field":"purl","confidence":2}]}}]}],
    "vulnerabilities":[{"id":"CVE-2024-1","cwes":[0],"affects":[{"ref":"c","versions":[{"version":"1","range":"vers:generic/<2"}]}]}])")),
            (Found{{"/serialNumber", "HF-SBOM-0105"},
                   {"/metadata/timestamp", "HF-SBOM-0105"},
                   {"/metadata/tools/components/0", "HF-SBOM-0101"},
                   {"/components/0/type", "HF-SBOM-0103"},
                   {"/components/0/hashes/0/content", "HF-SBOM-0105"},
                   {"/components/0/licenses/0/license", "HF-SBOM-0108"},
                   {"/components/1/name", "HF-SBOM-0102"},
                   {"/components/1/colour", "HF-SBOM-0106"},
                   {"/components/2/components/0/evidence/identity/0/confidence", "HF-SBOM-0104"},
                   {"/vulnerabilities/0/cwes/0", "HF-SBOM-0104"},
                   {"/vulnerabilities/0/affects/0/versions/0", "HF-SBOM-0108"}}));
}

TEST(Validate, HoldsADocumentToItsOwnVersion) {
  const auto tags = R"("components":[{"type":"library","name":"a","version":"1","tags":["x"]}])";
  EXPECT_EQ(found(bom(tags, "1.6")), Found{});
  EXPECT_EQ(found(bom(tags, "1.5")), (Found{{"/components/0/tags", "HF-SBOM-0106"}}));
  EXPECT_EQ(found(bom(tags, "1.3")), Found{});  // before 1.4 the schemas are open
  EXPECT_EQ(found(bom(R"("components":[{"type":"library","name":"a"}])", "1.3")),
            (Found{{"/components/0", "HF-SBOM-0101"}}));
  EXPECT_EQ(found(spdx2(R"("packages":[{"SPDXID":"SPDXRef-a","name":"a","downloadLocation":"NONE"}])")), Found{});
  EXPECT_EQ(found(spdx2(R"("packages":[{"SPDXID":"SPDXRef-a","name":"a","downloadLocation":"NONE"}])", "2.2")),
            (Found{{"/packages/0", "HF-SBOM-0101"}, {"/packages/0", "HF-SBOM-0101"}, {"/packages/0", "HF-SBOM-0101"}}));
}

TEST(Validate, Spdx2) {
  EXPECT_EQ(found(spdx2(R"(
    "packages":[{"SPDXID":"SPDXRef-a","name":"a","checksums":[{"algorithm":"SHA257","checksumValue":"00"}],"filesAnalyzed":"no"},
                {"SPDXID":"SPDXRef-a","name":"b","downloadLocation":"NONE"}],
    "files":[{"SPDXID":"SPDXRef-f","fileName":"./f","checksums":[]}],
    "relationships":[{"spdxElementId":"SPDXRef-a","relatedSpdxElement":"SPDXRef-f","relationshipType":"contains"}],
    "extra":1)")),
            (Found{{"/packages/0/checksums/0/algorithm", "HF-SBOM-0103"},
                   {"/packages/0/filesAnalyzed", "HF-SBOM-0102"},
                   {"/packages/0", "HF-SBOM-0101"},
                   {"/packages/1/SPDXID", "HF-SBOM-0107"},
                   {"/files/0/checksums", "HF-SBOM-0104"},
                   {"/relationships/0/relationshipType", "HF-SBOM-0103"},
                   {"/extra", "HF-SBOM-0106"}}));
}

TEST(Validate, Spdx3) {
  EXPECT_EQ(found(spdx3("")), Found{});
  EXPECT_EQ(found(spdx3(R"(,
    {"type":"software_Package","spdxId":"urn:p","creationInfo":"_:c","software_packageVersion":1,"color":"red",
     "externalIdentifier":[{"type":"ExternalIdentifier","externalIdentifierType":"cpe24","identifier":"cpe:2.3:a"}]},
    {"type":"software_Package","creationInfo":"_:c"},
    {"spdxId":"urn:n","creationInfo":"_:c"},
    {"type":"software_Packet","spdxId":"urn:q","creationInfo":"_:c"},
    {"type":"Relationship","spdxId":"urn:r","creationInfo":"_:c","from":{"type":"Hash","algorithm":"sha256","hashValue":"00"},
     "relationshipType":"hasPart","to":[]},
    {"type":"software_File","spdxId":"urn:p","creationInfo":"_:c","name":"f"},
    {"type":"https://example.com/Custom","anything":[1,{"a":null}]})")),
            (Found{{"/@graph/2/software_packageVersion", "HF-SBOM-0102"},
                   {"/@graph/2/color", "HF-SBOM-0106"},
                   {"/@graph/2/externalIdentifier/0/externalIdentifierType", "HF-SBOM-0103"},
                   {"/@graph/3", "HF-SBOM-0101"},
                   {"/@graph/4", "HF-SBOM-0101"},
                   {"/@graph/5/type", "HF-SBOM-0103"},
                   {"/@graph/6/from/type", "HF-SBOM-0103"},
                   {"/@graph/6/relationshipType", "HF-SBOM-0103"},
                   {"/@graph/6/to", "HF-SBOM-0104"},
                   {"/@graph/7/spdxId", "HF-SBOM-0107"}}));
}

TEST(Validate, DuplicateMembers) {
  EXPECT_EQ(found(bom(R"("metadata":{},"metadata":{})")), (Found{{"/metadata", "HF-SBOM-0109"}}));
  EXPECT_EQ(found(bom(R"("components":[{"type":"library","name":"a","n\u0061me":"b"}])")),
            (Found{{"/components/0/name", "HF-SBOM-0109"}}));
  // also where the format takes any member, and there are many of them
  std::string many = R"("signature":{"algorithm":"ES256","value":"x","publicKey":{"kty":"RSA","n":"1","e":"1"}},"x":{)";
  for (int i = 0; i < 40; ++i) many += "\"m" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  EXPECT_EQ(found(bom(many + R"("m3":1})", "1.3")), (Found{{"/x/m3", "HF-SBOM-0109"}}));
  EXPECT_EQ(found(bom(R"("x":{"a/b~c":1,"a/b~c":2})", "1.2")), (Found{{"/x/a~1b~0c", "HF-SBOM-0109"}}));
}

TEST(Validate, EqualItemsAndIdentifiersAreFoundWhateverTheirOrder) {
  EXPECT_EQ(found(bom(R"("components":[{"type":"library","name":"a"},{"name":"a","type":"library"}])")),
            (Found{{"/components/1", "HF-SBOM-0107"}}));
  EXPECT_EQ(
      found(bom(
          R"("components":[{"type":"library","name":"a","bom-ref":"r","components":[{"type":"file","name":"b","bom-ref":"r"}]}])")),
      (Found{{"/components/0/components/0/bom-ref", "HF-SBOM-0107"}}));
}

TEST(Validate, NotJson) {
  const Found malformed{{"", "HF-SBOM-0002"}};
  for (const std::string_view text :
       {"", " ", "\xEF\xBB\xBF", "{", "[]", "null", "\"CycloneDX\"", "\xFF\xFE{\0}\0",
        "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\"", "{'bomFormat':'CycloneDX'}"})
    EXPECT_EQ(found(text), malformed) << text;
  for (const std::string_view member :
       {R"("a":01)",    R"("a":1.)",          R"("a":.5)",       R"("a":+1)",   R"("a":1e)",       R"("a":NaN)",
        R"("a":tru)",   R"("a":truee)",       R"("a":nul)",      R"("a":"\x")", R"("a":"\ud800")", R"("a":[1,])",
        R"("a":[1 2])", R"("a":{"b"})",       R"("a":{"b":1,})", R"("a":1,)",   R"("a" 1)",        "\"a\":\"\t\"",
        "\"a\":\"\n\"", "\"a\":1 // comment", R"("a":]")",       "\"\\q\":1"}) {
    const auto list = found(bom(member, "1.2"));
    ASSERT_EQ(list.size(), 1U) << member;
    EXPECT_EQ(list[0].second, "HF-SBOM-0002") << member;
  }
  for (const std::string_view tail : {"x", "{}", "]", "}", ",", "\"", "1"})
    EXPECT_EQ(found(bom("") + std::string(tail)), malformed) << tail;
}

TEST(Validate, NotUtf8) {
  for (const std::string_view bytes : {"\xFF", "\xC0\xAF", "\xE2\x82", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\x80"})
    EXPECT_EQ(found(bom(R"("components":[{"type":"library","name":")" + std::string(bytes) + "\"}]")),
              (Found{{"", "HF-SBOM-0002"}}));
  EXPECT_EQ(found(bom(R"("components":[{"type":"library","name":"Žluťoučký 🦫"}])")), Found{});
  EXPECT_EQ(found(bom(R"("components":[{"type":"library","name":"a\u0000b"}])")),
            (Found{{"/components/0/name", "HF-SBOM-0105"}}));
}

TEST(Validate, ATruncatedDocumentIsNeverRead) {
  for (
      const auto& whole :
      {bom(R"("components":[{"type":"library","name":"a\n","hashes":[{"alg":"MD5","content":"00000000000000000000000000000000"}]}])"),
       spdx2(R"("packages":[{"SPDXID":"SPDXRef-a","name":"a","downloadLocation":"NONE","filesAnalyzed":false}])"),
       spdx3(R"(,{"type":"software_Package","spdxId":"urn:p","creationInfo":"_:c","software_packageVersion":"1"})")}) {
    EXPECT_EQ(found(whole), Found{});
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto list = found(whole.substr(0, size));
      ASSERT_EQ(list.size(), 1U) << size;
      ASSERT_EQ(list[0].second, "HF-SBOM-0002") << size << " of " << whole;
    }
  }
}

TEST(Validate, AByteOrderMarkIsTolerated) {
  const auto document = parse(bytes_of("\xEF\xBB\xBF" + bom(R"("components":[{"type":"library","name":"a"}])")));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->components[0].name, "a");
}

TEST(Validate, DepthIsLimited) {
  const auto nested = [](std::size_t levels) {
    return bom("\"x\":" + std::string(levels, '[') + std::string(levels, ']'), "1.2");
  };
  EXPECT_EQ(found(nested(63)), Found{});
  const auto list = found(nested(64));
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].second, "HF-SBOM-0001");
  EXPECT_EQ(parse(bytes_of(nested(64))).error().kind, ErrorKind::limit);
  EXPECT_EQ(found(bom("\"x\":" + std::string(1 << 20, '['), "1.2")).size(), 1U);
  std::string components = "]";
  for (int i = 0; i < 200; ++i)
    components = R"([{"type":"library","name":"a","components":)" + components.insert(0, i == 0 ? "[" : "") + "}]";
  EXPECT_EQ(found(bom("\"components\":" + components))[0].second, "HF-SBOM-0001");
}

TEST(Validate, SizeIsLimited) {
  const auto text = bom("");
  EXPECT_EQ(found(text, {.bytes_max = text.size()}), Found{});
  EXPECT_EQ(found(text, {.bytes_max = text.size() - 1}), (Found{{"", "HF-SBOM-0001"}}));
  EXPECT_EQ(parse(bytes_of(text), {.bytes_max = 10}).error().kind, ErrorKind::limit);
}

TEST(Validate, FindingsAreLimitedAndTheCutIsSaid) {
  std::string items;
  for (int i = 0; i < 50; ++i) items += (i ? ",{\"n\":" : "{\"n\":") + std::to_string(i) + "}";
  const auto list = found(bom("\"properties\":[" + items + "]"), {.findings_max = 10});
  ASSERT_EQ(list.size(), 11U);
  EXPECT_EQ(list.back(), (std::pair<std::string, std::string_view>{"", "HF-SBOM-0111"}));
}

TEST(Validate, OtherFormatsAndVersionsAreNamed) {
  EXPECT_EQ(found("{}"), (Found{{"", "HF-SBOM-0003"}}));
  EXPECT_EQ(found(R"({"swid":"x"})"), (Found{{"", "HF-SBOM-0003"}}));
  EXPECT_EQ(found(bom("", "1.1")), (Found{{"", "HF-SBOM-0004"}}));
  EXPECT_EQ(found(bom("", "9.9")), (Found{{"", "HF-SBOM-0004"}}));
  EXPECT_EQ(found(spdx2("", "2.1")), (Found{{"", "HF-SBOM-0004"}}));
}

TEST(Validate, WhatDoesNotStopTheReadingIsAWarning) {
  const auto document = parse(bytes_of(bom(R"("components":[{"type":"library","name":"a","bom-ref":"a",
    "externalReferences":[{"type":"website","url":"http://a and http://b"}]}],
    "dependencies":[{"ref":"a","dependsOn":["gone","urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#b"]}])")));
  ASSERT_TRUE(document);
  ASSERT_EQ(document->warnings.size(), 2U);
  EXPECT_EQ(document->warnings[0].pointer, "/components/0/externalReferences/0/url");
  EXPECT_EQ(document->warnings[0].code, "HF-SBOM-0105");
  EXPECT_EQ(document->warnings[1].pointer, "/dependencies/0/dependsOn/0");
  EXPECT_EQ(document->warnings[1].code, "HF-SBOM-0110");
}

TEST(Validate, AHostileTextIsCutInTheMessage) {
  const Text text{bom(R"("components":[{"type":")" + std::string(1 << 20, 'x') + R"(","name":"a"}])")};
  const auto findings = validate(text);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_LT(findings[0].message.size(), 200U);

  std::string beavers(59, 'x');  // the cut falls inside a character of four bytes
  for (int i = 0; i < 10; ++i) beavers += "\xF0\x9F\xA6\xAB";
  const auto wide = validate(Text{bom(R"("components":[{"type":")" + beavers + R"(","name":"a"}])")});
  ASSERT_EQ(wide.size(), 1U);
  EXPECT_TRUE(is_utf8(wide[0].message));
}

}  // namespace
}  // namespace hf::sbom
