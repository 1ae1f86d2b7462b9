#include "vuln/identity/purl.h"

#include <gtest/gtest.h>

namespace hf::vuln {
namespace {

std::string canonical(std::string_view text, bool strict = false) {
  const auto purl = Purl::parse(text, {.strict = strict});
  return purl ? purl->to_text() : std::string(purl.error().code);
}

TEST(Purl, ReadsFromTheRight) {
  EXPECT_EQ(canonical("pkg:npm/@babel/core@7.0.0"), "pkg:npm/%40babel/core@7.0.0");
  EXPECT_EQ(canonical("pkg:npm/@babel/core"), "pkg:npm/%40babel/core");
  EXPECT_EQ(canonical("pkg:brew/node@20@20.10.0"), "pkg:brew/node%4020@20.10.0");
  EXPECT_EQ(canonical("pkg:generic/a?download_url=https://x/y?z#p/q"),
            "pkg:generic/a?download_url=https:%2F%2Fx%2Fy%3Fz#p/q");
  EXPECT_EQ(canonical("pkg:generic/a@1?u=x%23y#p/./q/../r"), "pkg:generic/a@1?u=x%23y#p/q/r");
}

TEST(Purl, APlusIsAPlus) { EXPECT_EQ(canonical("pkg:deb/debian/attr@1:2.4+b1"), "pkg:deb/debian/attr@1:2.4%2Bb1"); }

TEST(Purl, TypesFoldWhatTheyDoNotDistinguish) {
  EXPECT_EQ(canonical("pkg:PyPI/Foo_Bar@1.0"), "pkg:pypi/foo-bar@1.0");
  EXPECT_EQ(canonical("pkg:github/Torvalds/Linux@V6.1"), "pkg:github/torvalds/linux@V6.1");
  EXPECT_EQ(canonical("pkg:yocto/core/Glibc@2.35"), "pkg:yocto/core/Glibc@2.35");  // BPN is case sensitive
  EXPECT_EQ(canonical("pkg:nuget/Newtonsoft.Json"), "pkg:nuget/Newtonsoft.Json");
  EXPECT_EQ(canonical("pkg:cpan/drolsky/DateTime"), "pkg:cpan/DROLSKY/DateTime");
}

// A git host's repository is the whole path after the host; found by the fuzzer: an encoded '/' is no exception.
TEST(Purl, GitNamesAreHostAndPath) {
  const auto purl = Purl::parse("pkg:git/codeberg.org/forgejo/forgejo@v1");
  EXPECT_EQ(purl->ns, "codeberg.org");
  EXPECT_EQ(purl->name, "forgejo/forgejo");
  EXPECT_EQ(canonical("pkg:git/codeberg.org%2Fforgejo@v1"), "pkg:git/codeberg.org/forgejo@v1");
}

// What SBOMs hold though the type definition forbids it: read, unless strictness is asked for.
TEST(Purl, ReadsTheFieldKindly) {
  EXPECT_EQ(canonical("pkg:golang/stdlib@1.20"), "pkg:golang/stdlib@1.20");
  EXPECT_EQ(canonical("pkg:golang/stdlib@1.20", true), "HF-PURL-0002");
  EXPECT_EQ(canonical("pkg:github.com/zephyrproject-rtos/hal_st@abc"), "pkg:github/zephyrproject-rtos/hal_st@abc");
  EXPECT_EQ(canonical("pkg:npm/%40angular%2Fcore@1"), "pkg:npm/%40angular/core@1");
  EXPECT_EQ(canonical("  pkg:npm/foo@1\n"), "pkg:npm/foo@1");
  EXPECT_EQ(canonical("pkg:npm/foo?&a=1&"), "pkg:npm/foo?a=1");
  EXPECT_EQ(canonical("pkg:generic/foo@1?vers=vers:generic/1", true), "HF-PURL-0002");
}

TEST(Purl, RefusesTheRest) {
  for (const auto text : {"", "pkg", "pkg:", "pkg:npm", "pkg:npm/", "pkg:/npm", "pkg:npm/@1.0", "npm/foo", "http://x/y",
                          "pkg:1a/b", "pkg:a_b/c", "pkg:npm/%", "pkg:npm/%4", "pkg:npm/%zz", "pkg:npm/%ff",
                          "pkg:npm/foo?1a=b", "pkg:npm/foo?a b=c", "pkg:npm/foo?a=1&A=2", "pkg:npm/foo@%C0%80"})
    EXPECT_EQ(canonical(text), "HF-PURL-0001") << text;
  EXPECT_EQ(canonical("pkg:npm/" + std::string(9000, 'a')), "HF-PURL-0003");
  std::string many = "pkg:npm/foo?a=1";
  for (int i = 0; i < 200; ++i) many += "&k" + std::to_string(i) + "=1";
  EXPECT_EQ(canonical(many), "HF-PURL-0003");
}

TEST(Purl, KeyNamesThePackageAlone) {
  EXPECT_EQ(Purl::parse("pkg:deb/debian/curl@7.50.3-1?arch=i386#x")->package_key(), "pkg:deb/debian/curl");
}

}  // namespace
}  // namespace hf::vuln
