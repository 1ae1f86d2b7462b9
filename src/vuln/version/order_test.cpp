#include "vuln/version/order.h"

#include <gtest/gtest.h>
#include <fstream>
#include <string>
#include <vector>

#include "base/text.h"

namespace hf::vuln {
namespace {

struct Step {
  std::string version;
  int rank;  // equal versions share one
};

// "a = b < c" as steps.
std::vector<Step> chain_of(std::string_view text) {
  std::vector<Step> steps;
  int rank = 0;
  while (true) {
    const auto less = text.find(" < "), same = text.find(" = ");
    const auto end = std::min(less, same);
    steps.push_back({std::string(text.substr(0, end)), rank});
    if (end == std::string_view::npos) return steps;
    rank += end == less;
    text.remove_prefix(end + 3);
  }
}

TEST(Order, EveryPairOfEveryChain) {
  std::ifstream file(HF_TEST_DATA "/vuln/order.vec");
  int number = 0, pairs = 0, refusals = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line.starts_with('#')) continue;
    const auto space = line.find(' ');
    const auto scheme = scheme_of_name(line.substr(0, space));
    ASSERT_TRUE(scheme) << "order.vec:" << number;
    const auto rest = line.substr(space + 1);
    if (rest.starts_with("! ")) {
      ++refusals;
      EXPECT_FALSE(is_version(*scheme, rest.substr(2))) << "order.vec:" << number << " " << line;
      continue;
    }
    const auto chain = chain_of(rest);
    for (const auto& a : chain)
      for (const auto& b : chain) {
        ++pairs;
        const auto order = compare(*scheme, a.version, b.version);
        ASSERT_TRUE(order) << "order.vec:" << number << " " << a.version << " or " << b.version << " is no version";
        EXPECT_EQ(*order, a.rank <=> b.rank) << "order.vec:" << number << " " << a.version << " against " << b.version;
      }
  }
  EXPECT_GT(pairs, 1500);
  EXPECT_GT(refusals, 30);
}

TEST(Order, SchemesHaveNamesAndPurlTypesHaveSchemes) {
  for (const auto scheme : schemes()) EXPECT_EQ(scheme_of_name(name_of(scheme)), scheme);
  EXPECT_EQ(scheme_of_name("Debian"), Scheme::deb);
  EXPECT_EQ(scheme_of_name("ebuild"), Scheme::gentoo);
  EXPECT_EQ(scheme_of_name("nonsense"), std::nullopt);
  EXPECT_EQ(scheme_of_purl_type("pypi"), Scheme::pep440);
  EXPECT_EQ(scheme_of_purl_type("cargo"), Scheme::cargo);
  EXPECT_EQ(scheme_of_purl_type("rpm"), Scheme::rpm);
  EXPECT_EQ(scheme_of_purl_type("golang"), Scheme::golang);
  for (const auto type : {"generic", "github", "git", "yocto", "vcpkg", "conda", "no-such-type"})
    EXPECT_EQ(scheme_of_purl_type(type), Scheme::generic) << type;
}

TEST(Order, HostileTextsAreRefusedOrOrderedButNeverThrow) {
  const std::string deep(100000, '-'), dots = "1" + std::string(50000, '.'), parts = [] {
    std::string text = "1";
    for (int i = 0; i < 20000; ++i) text += ".1";
    return text;
  }();
  for (const auto scheme : schemes())
    for (const auto& text : {deep, dots, parts, std::string("\xff\xfe"), std::string("1\0a", 3), std::string()})
      EXPECT_EQ(compare(scheme, text, text).value_or(std::strong_ordering::equal), std::strong_ordering::equal)
          << name_of(scheme);
}

}  // namespace
}  // namespace hf::vuln
