#include "vuln/match/assess.h"

#include "vuln/match/coordinate.h"
#include "vuln/match/match_test.h"

namespace hf::vuln {
namespace {

using namespace test;

constexpr std::string_view kOpenssl = "cpe:2.3:a:openssl:openssl:3.0.11:*:*:*:*:*:*:*";
const std::string kOpensslStatement = R"({"vendor":"OpenSSL","product":"OpenSSL","defaultStatus":"unaffected",
    "versions":[{"version":"3.0.0","lessThan":"3.0.12","status":"affected","versionType":"semver"}]})";

TEST(Assess, SaysWhichClaimAndWhichRange) {
  const auto record = cve_record("CVE-2023-5363", kOpensslStatement);
  const auto found = assess(record, component("openssl", "3.0.11", {kOpenssl}), dictionary_of({record}));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->state, State::affected);
  EXPECT_EQ(found->reason.claim, kOpenssl);
  EXPECT_EQ(found->reason.claim_version, "3.0.11");
  EXPECT_EQ(found->reason.record, "CVE-2023-5363");
  EXPECT_EQ(found->reason.feed, "cve5");
  EXPECT_EQ(found->reason.modified, "2024-02-03T04:05:06Z");
  EXPECT_EQ(found->reason.pointer, "/containers/cna/affected/0/versions/0");
  EXPECT_EQ(found->reason.container, "acme");
  EXPECT_FALSE(found->reason.range.empty());
  EXPECT_NE(sentence_of(found->reason).find(found->reason.range), std::string::npos);
}

TEST(Assess, AReasonIsReadBackWhole) {
  Reason reason{.outcome = Outcome::unaffected,
                .why = Why::platform,
                .identity = Identity::alias,
                .reading = Reading::lenient,
                .scheme = Scheme::kernel,
                .claim_kind = "cpe",
                .claim = "c",
                .claim_version = "1",
                .record = "CVE-1",
                .feed = "nvd",
                .modified = "2024-01-01T00:00:00Z",
                .source = "s",
                .pointer = "/p",
                .container = "a",
                .range = "< 2",
                .note = "n",
                .platforms = {"x absent"}};
  const auto back = reason_of(to_json(reason));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, reason);
  EXPECT_EQ(reason_of(JsonObject{{"why", "because"}}).error().code, "HF-VULN-0012");
}

TEST(Assess, APatchClaimBeatsTheRangeUnderAnyNumber) {
  const auto record =
      osv_record("GHSA-aaaa", R"("aliases":["CVE-2024-1"],"affected":[{"package":{"ecosystem":"npm","name":"a"},
      "ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}])");
  auto subject = component("a", "1.0.0", {"pkg:npm/a@1.0.0"});
  EXPECT_EQ(assess(record, subject, {})->state, State::affected);
  subject.patched.push_back({"CVE-2024-1", "backport", "https://x/y.patch"});
  const auto patched = assess(record, subject, {});
  EXPECT_EQ(patched->state, State::fixed);
  EXPECT_EQ(patched->reason.note, "backport: https://x/y.patch");
}

TEST(Assess, OnlyAndNodesNeedTheRelease) {
  const auto alone = nvd_record(
      "CVE-2024-2",
      R"({"nodes":[{"operator":"OR","negate":false,"cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*"}]}]})");
  const auto both = nvd_record(
      "CVE-2024-3",
      R"({"operator":"AND","nodes":[{"operator":"OR","cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:o:v:fw:*:*:*:*:*:*:*:*"}]},
      {"operator":"OR","cpeMatch":[{"vulnerable":false,"criteria":"cpe:2.3:h:v:board:-:*:*:*:*:*:*:*"}]}]})");
  EXPECT_FALSE(needs_set(alone));
  EXPECT_TRUE(needs_set(both));
  const auto fw = component("fw", "1.0", {"cpe:2.3:o:v:fw:1.0:*:*:*:*:*:*:*"});
  const auto board = component("board", "", {"cpe:2.3:h:v:board:-:*:*:*:*:*:*:*"});
  EXPECT_EQ(assess(both, fw, {})->state, State::unknown) << "the hardware is not described";
  EXPECT_EQ(assess(both, ComponentSet({fw, board}), {}).at(0).state, State::affected);
}

TEST(Coordinate, EqualClaimsAreOneCoordinate) {
  const auto a = component("openssl", "3.0.11", {kOpenssl, "pkg:yocto/core/openssl@3.0.11"});
  const auto b =
      component("openssl-bin", "3.0.11",
                {"pkg:yocto/core/openssl@3.0.11", "cpe:2.3:a:OpenSSL:OpenSSL:3.0.11:*:*:*:*:*:*:*", kOpenssl});
  EXPECT_EQ(claims_json(a), claims_json(b));
  EXPECT_EQ(coordinate_digest(a), coordinate_digest(b));
  EXPECT_EQ(coordinate_digest(a).size(), 64U);
  auto patched = a;
  patched.patched.push_back({"CVE-2024-1", "", ""});
  EXPECT_NE(coordinate_digest(a), coordinate_digest(patched));
  EXPECT_NE(coordinate_digest(a),
            coordinate_digest(component("openssl", "3.0.12", {"cpe:2.3:a:openssl:openssl:3.0.12:*:*:*:*:*:*:*"})));
}

TEST(Coordinate, AStoredOneMatchesLikeTheComponent) {
  const auto record = cve_record("CVE-2023-5363", kOpensslStatement);
  for (auto subject :
       {component("openssl", "3.0.11", {kOpenssl}), component("openssl", "3.0.11", {"pkg:yocto/core/openssl@3.0.11"}),
        component("openssl", "3.0.11",
                  {"pkg:github/openssl/openssl@openssl-3.0.11", "pkg:deb/debian/openssl@3.0.11-1?arch=amd64"}),
        component("openssl", "",
                  {"https://github.com/openssl/openssl.git@0123456789abcdef0123456789abcdef01234567"})}) {
    subject.patched.push_back({"CVE-2000-1", "backport", ""});
    const auto json = claims_json(subject);
    const auto back = subject_of(json);
    ASSERT_TRUE(back) << hf::to_text(Json(json)) << back.error().message;
    EXPECT_EQ(claims_json(*back), json);
    EXPECT_EQ(lookup_keys(*back), lookup_keys(subject));
    EXPECT_EQ(back->distribution, subject.distribution);
    const auto direct = assess(record, subject, {}), stored = assess(record, *back, {});
    ASSERT_EQ(direct.has_value(), stored.has_value());
    if (direct) {
      EXPECT_EQ(direct->state, stored->state);
    }
  }
}

TEST(Coordinate, RefusesWhatItDidNotWrite) {
  for (const auto* text :
       {R"({"claims":1})", R"({"claims":[1]})", R"({"claims":[{"kind":"x"}]})",
        R"({"claims":[{"kind":"purl","text":"no"}]})", R"({"claims":[{"kind":"cpe","text":"cpe"}]})",
        R"({"claims":[{"kind":"git"}]})", R"({"claims":[{"kind":"product"}]})", R"({"patched":[{}]})"}) {
    const auto json = parse_json(text);
    ASSERT_TRUE(json);
    const auto subject = subject_of(json->get_object());
    ASSERT_FALSE(subject) << text;
    EXPECT_EQ(subject.error().code, "HF-VULN-0011") << text;
  }
}

}  // namespace
}  // namespace hf::vuln
