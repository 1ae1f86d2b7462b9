// The published tests of package-url/vers-spec v1.1.0; source and licence: tests/data/vuln/README.md.
#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "base/json.h"
#include "vuln/version/vers.h"

namespace hf::vuln {
namespace {

std::string text_of(const Json& json) { return std::string(json.as_string()); }

std::string got;  // what the last test produced, for the failure message

bool compares(const JsonObject& test, Scheme scheme) {
  std::vector<std::string> versions;
  for (const auto& version : test.at("input").as_array()) versions.push_back(text_of(version));
  if (text_of(test.at("type")) == "equality") {
    const auto order = compare(scheme, versions[0], versions[1]);
    return order && (*order == 0) == test.at("output").as_bool();
  }
  for (const auto& version : versions)
    if (!is_version(scheme, version)) return false;
  std::stable_sort(versions.begin(), versions.end(),
                   [&](const auto& a, const auto& b) { return *compare(scheme, a, b) < 0; });
  std::vector<std::string> expected;
  for (const auto& version : test.at("output").as_array()) expected.push_back(text_of(version));
  return versions == expected;
}

bool parses(const JsonObject& test) {
  const auto vers = Vers::parse(text_of(test.at("input")), {.strict = true});
  if (test.contains("fails")) return !vers;
  if (!vers) return false;
  const auto& expected = test.at("output").as_object();
  const auto& constraints = expected.at("version_constraints").as_array();
  if (vers->scheme != text_of(expected.at("scheme")) || vers->constraints.size() != constraints.size()) return false;
  for (std::size_t i = 0; i < constraints.size(); ++i)
    if (text_of(vers->constraints[i].comparator) != text_of(constraints[i].at(0)) ||
        vers->constraints[i].version != text_of(constraints[i].at(1)))
      return false;
  return true;
}

bool passes(const JsonObject& test) {
  const auto type = text_of(test.at("type"));
  got.clear();
  if (type == "comparison" || type == "equality") {
    const auto scheme = scheme_of_name(text_of(test.at("scheme")));
    return scheme && compares(test, *scheme);
  }
  if (type == "containment") {
    const auto vers = Vers::parse(text_of(test.at("input").at(0)));
    if (!vers) return false;
    const auto verdict = contains(vers->to_range(), text_of(test.at("input").at(1)));
    return verdict == (test.at("output").as_bool() ? Verdict::inside : Verdict::outside);
  }
  if (type == "parse") return parses(test);
  const auto vers = type == "from_native" ? vers_of_native(text_of(test.at("scheme")), text_of(test.at("input")))
                                          : Vers::parse(text_of(test.at("input")));
  if (test.contains("fails")) return !vers;
  if (!vers) return false;
  const auto canonical = vers->canonical();
  if (!canonical) return false;
  got = canonical->to_text();
  return got == text_of(test.at("output"));
}

TEST(VersSpec, PublishedTests) {
  std::ifstream file(HF_TEST_DATA "/vuln/vers-spec-tests.jsonl");
  std::map<std::string, std::pair<int, int>> rate;
  int all = 0;
  for (std::string line; std::getline(file, line); ++all) {
    const auto json = parse_json(line);
    ASSERT_TRUE(json) << line;
    const auto& test = json->as_object();
    std::string scheme = test.contains("scheme") ? text_of(test.at("scheme")) + " " : "";
    auto& [good, of] = rate[scheme + text_of(test.at("type")) + " " + text_of(test.at("group"))];
    const bool passed = passes(test);
    ++of;
    good += passed;
    EXPECT_TRUE(passed) << line << " got " << got;
  }
  EXPECT_EQ(all, 2701);
  for (const auto& [name, counts] : rate) std::cout << name << ": " << counts.first << " of " << counts.second << "\n";
}

}  // namespace
}  // namespace hf::vuln
