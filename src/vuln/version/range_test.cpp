#include "vuln/version/range.h"

#include <gtest/gtest.h>

#include "vuln/version/vers.h"

namespace hf::vuln {
namespace {

Verdict in(const Range& range, std::string_view version) { return contains(range, version); }

TEST(Range, OsvEvents) {  // introduced 1.0, fixed 1.4; introduced 2.0, last_affected 2.3
  const Range range{Scheme::semver, {{"1.0.0", true, "1.4.0", false}, {"2.0.0", true, "2.3.0", true}}, {}};
  EXPECT_EQ(in(range, "0.9.0"), Verdict::outside);
  EXPECT_EQ(in(range, "1.0.0"), Verdict::inside);
  EXPECT_EQ(in(range, "1.4.0-rc.1"), Verdict::inside);  // precedes the fix
  EXPECT_EQ(in(range, "1.4.0"), Verdict::outside);
  EXPECT_EQ(in(range, "2.3.0"), Verdict::inside);
  EXPECT_EQ(in(range, "2.3.1"), Verdict::outside);
  const Range from_the_start{Scheme::semver, {{.upper = "1.4.0"}}, {}};
  EXPECT_EQ(in(from_the_start, "0.0.0-alpha"), Verdict::inside);
}

// CVE-2023-52340 and its like: defaultStatus affected, 6.1.75 unaffected up to 6.1.*.
TEST(Range, WildcardBoundsOfTheLinuxCna) {
  const Range unaffected{Scheme::kernel, {{"6.1.75", true, "6.1.*", true}, {"6.7", true, "*", true}}, {}};
  EXPECT_EQ(in(unaffected, "6.1.74"), Verdict::outside);
  EXPECT_EQ(in(unaffected, "6.1.75"), Verdict::inside);
  EXPECT_EQ(in(unaffected, "6.1.9999"), Verdict::inside);
  EXPECT_EQ(in(unaffected, "6.1.90-yocto-standard"), Verdict::inside);
  EXPECT_EQ(in(unaffected, "6.2-rc1"), Verdict::outside);
  EXPECT_EQ(in(unaffected, "6.10.3"), Verdict::inside);
  EXPECT_EQ(in(unaffected, "6.6.1"), Verdict::outside);

  const Interval lower{"6.1.*", true, "", false}, after{"6.1.*", false, "", false}, before{"", true, "6.1.*", false};
  EXPECT_EQ(contains(Scheme::generic, lower, "6.1-rc3"), Verdict::inside);
  EXPECT_EQ(contains(Scheme::generic, lower, "6.0.19"), Verdict::outside);
  EXPECT_EQ(contains(Scheme::generic, after, "6.1.52"), Verdict::outside);
  EXPECT_EQ(contains(Scheme::generic, after, "6.10"), Verdict::inside);
  EXPECT_EQ(contains(Scheme::generic, before, "6.1"), Verdict::outside);
  EXPECT_EQ(contains(Scheme::generic, before, "6.0.9"), Verdict::inside);
  EXPECT_EQ(contains(Scheme::generic, {"", true, "v2.*", true}, "2.7"), Verdict::inside);
  EXPECT_EQ(contains(Scheme::generic, {"", true, "2.0*", true}, "2.7"), Verdict::unknown);  // not our notation
}

TEST(Range, UnknownIsNotOutside) {
  const Range range{Scheme::generic, {{"1.0", true, "before 2.0", false}}, {}};
  EXPECT_EQ(in(range, "0.9"), Verdict::outside);  // the bound that can be read decides
  EXPECT_EQ(in(range, "1.5"), Verdict::unknown);
  EXPECT_EQ(in(range, "unspecified"), Verdict::unknown);
  EXPECT_EQ(in(Range{Scheme::generic, {{}}, {}}, "unspecified"), Verdict::inside);  // every version, whatever it is
  EXPECT_EQ(in(Range{}, "1.0"), Verdict::outside);
  const Range either{Scheme::generic, {{"garbage", true, "", false}, {"1.0", true, "2.0", false}}, {}};
  EXPECT_EQ(in(either, "1.5"), Verdict::inside);
  EXPECT_EQ(in(either, "3.0"), Verdict::unknown);
}

TEST(Range, ExactVersions) {
  const Range range{Scheme::generic, {}, {"1.1.1k", "n/a", "2.0.*"}};
  EXPECT_EQ(in(range, "1.1.1k"), Verdict::inside);
  EXPECT_EQ(in(range, "1.1.1K"), Verdict::inside);
  EXPECT_EQ(in(range, "n/a"), Verdict::inside);  // the same text
  EXPECT_EQ(in(range, "2.0.7"), Verdict::inside);
  EXPECT_EQ(in(range, "1.1.1l"), Verdict::unknown);  // "n/a" may mean anything
  const Range commits{Scheme::opaque, {}, {"4f2cabc", "77aa001"}};
  EXPECT_EQ(in(commits, "77aa001"), Verdict::inside);
  EXPECT_EQ(in(commits, "0000000"), Verdict::outside);
  EXPECT_EQ(in(Range{Scheme::opaque, {{"a", true, "b", false}}, {}}, "ab"), Verdict::unknown);
}

TEST(Range, ReadsAsASentence) {
  EXPECT_EQ(to_text(Range{
                Scheme::generic, {{"1.0", true, "1.2", false}, {.upper = "0.5", .upper_inclusive = true}}, {"1.3"}}),
            ">= 1.0, < 1.2 or <= 0.5 or = 1.3");
  EXPECT_EQ(to_text(Range{Scheme::generic, {{}}, {}}), "any version");
  EXPECT_EQ(to_text(Range{}), "no version");
}

Range range_of(std::string_view text) {
  const auto vers = Vers::parse(text);
  EXPECT_TRUE(vers) << text;
  return vers ? vers->to_range() : Range{};
}

TEST(Vers, BecomesIntervals) {
  EXPECT_EQ(to_text(range_of("vers:npm/>=1.0.0|<2.0.0")), ">= 1.0.0, < 2.0.0");
  EXPECT_EQ(to_text(range_of("vers:npm/<2.0.0|>=1.0.0")), ">= 1.0.0, < 2.0.0");  // any order
  EXPECT_EQ(to_text(range_of("vers:npm/1.0.0|>=1.5.0|<2.0.0|3.0.0")), ">= 1.5.0, < 2.0.0 or = 1.0.0 or = 3.0.0");
  EXPECT_EQ(to_text(range_of("vers:npm/>=1.0.0|!=1.5.0|<2.0.0")), ">= 1.0.0, < 1.5.0 or > 1.5.0, < 2.0.0");
  EXPECT_EQ(to_text(range_of("vers:npm/!=1.5.0")), "< 1.5.0 or > 1.5.0");
  EXPECT_EQ(to_text(range_of("vers:npm/>=1.0.0|>=1.5.0|<2.0.0|<3.0.0")), ">= 1.0.0, < 3.0.0");  // overlapping
  EXPECT_EQ(to_text(range_of("vers:npm/>=1.0.0|<=1.0.0")), ">= 1.0.0, <= 1.0.0");
  EXPECT_EQ(to_text(range_of("vers:all/*")), "any version");
  EXPECT_EQ(to_text(range_of("vers:none/*")), "no version");
  EXPECT_EQ(in(range_of("vers:deb/>=1:2.3%2B1|<1:2.4"), "1:2.3+1-4"), Verdict::inside);
}

TEST(Vers, ASchemeThatWeCannotOrderDecidesEqualityOnly) {
  const auto range = range_of("vers:no-such-scheme/1.0|>=2.0");
  EXPECT_EQ(in(range, "1.0"), Verdict::inside);
  EXPECT_EQ(in(range, "3.0"), Verdict::unknown);
}

TEST(Vers, RefusesWhatIsNoVers) {
  for (const auto text :
       {"", "npm/1.0", "vers:", "vers:npm", "vers:npm/", "vers:npm/|", "vers:/1.0", "vers:npm/>",
        "vers:npm/>=", "vers:npm/1.0|*", "vers:npm/>=1.0<2.0", "vers:npm/1%2", "vers:npm/%ff", "vers:n m!/1"})
    EXPECT_FALSE(Vers::parse(text)) << text;
  EXPECT_EQ(Vers::parse("vers:npm/" + std::string(70000, '1')).error().code, "HF-VERS-0003");
  std::string many = "vers:npm/1";
  for (int i = 0; i < 5000; ++i) many += "|1";
  EXPECT_EQ(Vers::parse(many).error().code, "HF-VERS-0003");
}

TEST(Vers, NativeNotations) {
  const auto text = [](std::string_view scheme, std::string_view native) {
    const auto vers = vers_of_native(scheme, native);
    return vers ? vers->to_text() : "refused";
  };
  EXPECT_EQ(text("npm", "1.x"), "vers:npm/>=1.0.0|<2.0.0");
  EXPECT_EQ(text("npm", "1.2 - 2.3.4"), "vers:npm/>=1.2.0|<=2.3.4");
  EXPECT_EQ(text("npm", "^0.0.3"), "vers:npm/>=0.0.3|<0.0.4");
  EXPECT_EQ(text("npm", ">=1 || *"), "vers:npm/*");
  EXPECT_EQ(text("maven", "[1.0,2.0),[2.1,)"), "vers:maven/>=1.0|<2.0|>=2.1");
  EXPECT_EQ(text("maven", "(,1.0]"), "vers:maven/<=1.0");
  EXPECT_EQ(text("nuget", "1.0"), "vers:nuget/>=1.0");
  EXPECT_EQ(text("pypi", "~=1.4.2, !=1.4.5"), "vers:pypi/>=1.4.2|!=1.4.5|<1.5");
  EXPECT_EQ(text("gem", "~> 2.0"), "vers:gem/>=2.0|<3");
  for (const auto& [scheme, native] : std::vector<std::pair<const char*, const char*>>{{"npm", ">"},
                                                                                       {"npm", ">=beta"},
                                                                                       {"maven", "[1.0"},
                                                                                       {"maven", "[]"},
                                                                                       {"pypi", "1.0 or so"},
                                                                                       {"deb", ">= 1.0"},
                                                                                       {"", ""}})
    EXPECT_EQ(text(scheme, native), "refused") << scheme << " " << native;
}

}  // namespace
}  // namespace hf::vuln
