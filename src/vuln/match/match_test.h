// Records and components for the tests of matching, in one line each.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "vuln/feeds/read.h"
#include "vuln/match/assess.h"

namespace hf::vuln::test {

inline std::vector<Advisory> records_of(std::string_view bytes) {
  std::vector<Advisory> out;
  JsonReader reader;
  const FeedSink sink{.advisory = [&](Advisory a) -> Result<void> {
                        out.push_back(std::move(a));
                        return {};
                      },
                      .kev = [](KevCatalog) -> Result<void> { return {}; },
                      .epss_head = [](const EpssHead&) -> Result<void> { return {}; },
                      .epss = [](const EpssScore&) -> Result<void> { return {}; }};
  const auto kind = read_document(reader, bytes, sink);
  EXPECT_TRUE(kind) << (kind ? "" : kind.error().message) << ": " << bytes;
  return out;
}

// A CVE record with this affected[] content and, if given, a CPE applicability statement.
inline Advisory cve_record(std::string_view id, std::string_view affected, std::string_view applicability = "") {
  auto text =
      R"({"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":")" + std::string(id) +
      R"(","state":"PUBLISHED","dateUpdated":"2024-02-03T04:05:06"},"containers":{"cna":{"providerMetadata":{"shortName":"acme"},"affected":[)" +
      std::string(affected) + "]";
  if (!applicability.empty()) text += R"(,"cpeApplicability":[)" + std::string(applicability) + "]";
  return records_of(text + "}}}").at(0);
}

inline Advisory nvd_record(std::string_view id, std::string_view configurations) {
  return records_of(R"({"vulnerabilities":[{"cve":{"id":")" + std::string(id) +
                    R"(","vulnStatus":"Analyzed","configurations":[)" + std::string(configurations) + "]}}]}")
      .at(0);
}

inline Advisory osv_record(std::string_view id, std::string_view members) {
  return records_of(R"({"id":")" + std::string(id) + R"(","modified":"2024-01-01T00:00:00Z",)" + std::string(members) +
                    "}")
      .at(0);
}

// A component from purl and CPE texts, told apart by how they begin; anything else is "URL@commit".
inline Subject component(std::string_view name, std::string_view version, std::vector<std::string_view> identities) {
  ClaimTexts texts{.name = name, .version = version, .purls = {}, .cpes = {}, .repos = {}};
  for (const auto identity : identities) {
    if (identity.starts_with("pkg:")) texts.purls.push_back(identity);
    else if (identity.starts_with("cpe:")) texts.cpes.push_back(identity);
    else texts.repos.emplace_back(identity.substr(0, identity.rfind('@')), identity.substr(identity.rfind('@') + 1));
  }
  std::vector<std::string> refused;
  Subject subject{.ref = std::string(name),
                  .name = std::string(name),
                  .version = std::string(version),
                  .claims = claims_of(texts, refused)};
  EXPECT_TRUE(refused.empty()) << refused.front();
  for (const auto& claim : subject.claims)
    if (claim.purl && is_distribution(claim.purl->type)) subject.distribution = claim.purl->type;
  return subject;
}

inline ProductDictionary dictionary_of(const std::vector<Advisory>& records) {
  ProductDictionary dictionary;
  for (const auto& record : records)
    for (const auto& pair : product_vendors_of(record)) dictionary.add(pair);
  return dictionary;
}

}  // namespace hf::vuln::test
