// Exposure and lists of units, now and as of any instant, equal a recount over the units one by one.
#include "trace/trace_test.h"

namespace hf::trace::test {
namespace {

class ExposureOf : public TraceTest {
 protected:
  using ByMarket = std::map<std::string, std::array<std::int64_t, kStandings>>;

  ByMarket recount(const std::string& number, Time at) {
    ByMarket counts;
    for (const auto& unit : units_)
      if (const auto standing = standing_of(unit, number, at)) ++counts[unit.market][std::size_t(*standing)];
    return counts;
  }
  static ByMarket answered(const JsonObject& answer) {
    ByMarket counts;
    for (const auto& row : answer.at("by_market").get_array())
      for (std::size_t i = 0; i < kStandings; ++i)
        counts[text_of(row.at("market"))][i] =
            row.at(i + 1 == kStandings ? "exposed" : name_of(Standing(i))).get_int64();
    return counts;
  }
  void expect_recount(const std::string& number, Time at) {
    const auto answer = vulnerability(number, at);
    const auto expected = recount(number, at);
    EXPECT_EQ(answered(answer), expected) << number << " as of " << micros(at);
    std::array<std::int64_t, kStandings> totals{};
    std::int64_t markets = 0;
    for (const auto& [market, counts] : expected) {
      for (std::size_t i = 0; i < kStandings; ++i) totals[i] += counts[i];
      markets += counts[std::size_t(Standing::affected)] > 0 ? 1 : 0;
    }
    EXPECT_EQ(answer.at("totals").at("exposed").get_int64(), totals[std::size_t(Standing::affected)]);
    EXPECT_EQ(answer.at("totals").at("unknown").get_int64(), totals[std::size_t(Standing::unknown)]);
    std::map<std::string, std::int64_t> by_build;
    std::map<std::pair<std::string, std::string>, std::int64_t> by_batch;
    for (const auto& unit : units_) {
      if (const auto* run = unit.at(at))
        for (const auto& build : run->builds)
          if (standings(number, at).contains(build)) ++by_build[build];
      if (standing_of(unit, number, at) == Standing::affected) ++by_batch[{unit.batch, unit.market}];
    }
    for (const auto& row : answer.at("by_build").get_array())
      EXPECT_EQ(row.at("devices").get_int64(), by_build[text_of(row.at("build"))]) << text_of(row.at("build"));
    std::map<std::pair<std::string, std::string>, std::int64_t> batches;
    for (const auto& row : answer.at("by_batch").get_array())
      batches[{text_of(row.at("batch")), text_of(row.at("market"))}] = row.at("exposed").get_int64();
    EXPECT_EQ(batches, by_batch);
    const auto brief = ask(at, [&](const Questions& q) { return q.exposed(number); });
    ASSERT_TRUE(brief) << brief.error().message;
    for (const auto* member : {"vulnerability", "sentence", "totals", "by_market"})
      EXPECT_EQ(brief->at(member), answer.at(member)) << member;
    if (const auto sentence = text_of(answer.at("sentence")); totals[std::size_t(Standing::affected)] > 0) {
      EXPECT_TRUE(sentence.starts_with("Exposed: " + counted(totals[std::size_t(Standing::affected)], "unit", "units") +
                                       " in " + counted(markets, "Member State", "Member States")))
          << sentence;
    }
  }
  // All pages of a list, "serial builds since"; no unit twice.
  std::set<std::string> paged(const std::string& number, Time at, const UnitQuery& query, std::int64_t limit = 100) {
    std::set<std::string> listed;
    std::string after;
    for (int pages = 0;; ++pages) {
      const auto page = unit_page(at, number, query, after, limit);
      if (!page) throw std::runtime_error(page.error().message + page.error().detail);
      const auto& items = page->at("items").get_array();
      EXPECT_LE(std::int64_t(items.size()), limit);
      for (const auto& item : items) {
        std::string line = text_of(item.at("product")) + " " + text_of(item.at("serial")) + " " +
                           text_of(item.at("market")) + " " + text_of(item.at("batch"));
        for (const auto& build : item.at("builds").get_array()) line += " " + text_of(build);
        EXPECT_TRUE(listed.insert(line + " " + text_of(item.at("since"))).second) << line;
      }
      if (page->at("next").is_null()) return listed;
      EXPECT_EQ(std::int64_t(items.size()), limit) << "only the last page is short";
      after = text_of(page->at("next"));
      if (pages > 2000) {
        ADD_FAILURE() << "the list does not end";
        return listed;
      }
    }
  }
  std::set<std::string> recounted(const std::string& number, Time at, const UnitQuery& query) {
    std::set<std::string> listed;
    for (const auto& unit : units_) {
      const auto* run = unit.at(at);
      if (!run || standing_of(unit, number, at) != query.standing) continue;
      if (!query.market.empty() && unit.market != query.market) continue;
      if (!query.batch.empty() && unit.batch != query.batch) continue;
      if (!query.build.empty() && !run->builds.contains(query.build)) continue;
      std::string line = unit.product + " " + unit.serial + " " + unit.market + " " + unit.batch;
      for (const auto& build : run->builds) line += " " + build;
      listed.insert(line + " " + format_rfc3339(run->since));
    }
    return listed;
  }
};
HF_BOTH_ENGINES(ExposureOf);

const Standings kFirst{{"px/fw/1.0", Standing::affected},
                       {"px/fw/1.1", Standing::not_affected},
                       {"py/fw/1", Standing::affected},
                       {"py/fw/2", Standing::under_investigation}};

TEST_P(ExposureOf, ARandomFleetEqualsARecountAtEveryInstant) {
  catalogue();
  std::vector<Time> instants{clock_.now()};
  import(150);
  instants.push_back(clock_.now());
  sboms();
  known_["CVE-2026-1"].emplace_back(
      clock_.now(), Standings{{"px/fw/1.1", Standing::not_affected}, {"py/fw/2", Standing::under_investigation}});
  instants.push_back(clock_.now());
  record_of_a("2.0.0", kFirst);
  feed(
      {R"({"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-2","state":"PUBLISHED"},"containers":{"cna":{"affected":[{"vendor":"acme",
      "product":"widget","cpes":["cpe:2.3:a:acme:widget:*:*:*:*:*:*:*:*"],"versions":[{"version":"0","lessThan":"2","status":"affected","versionType":"semver"}]}]}}})"});
  known_["CVE-2026-2"].emplace_back(clock_.now(), Standings{{"px/fw/1.1", Standing::unknown}});
  instants.push_back(clock_.now());
  for (int round = 0; round < 6; ++round) {
    if (round == 2) {
      auto second = kFirst;
      second["px/fw/1.2"] = Standing::affected;
      record_of_a("2.5.0", std::move(second));
    }
    if (round == 4) record_of_a("2.0.0", kFirst);
    if (round % 2 == 0) import(50);
    instants.push_back(clock_.now() + std::chrono::microseconds(1));
    move(60);
    instants.push_back(clock_.now());
    instants.push_back(clock_.now() - std::chrono::microseconds(1));
  }
  instants.push_back(kNow);
  for (const auto at : instants) {
    expect_recount("CVE-2026-1", at);
    expect_recount("CVE-2026-2", at);
    for (const UnitQuery& query :
         {UnitQuery{}, where("DE"), where("DE", "", "px/b2"), where("", "px/fw/1.0"),
          where("", "", "", Standing::under_investigation), where("", "", "", Standing::not_affected), where("XX")})
      EXPECT_EQ(paged("CVE-2026-1", at, query), recounted("CVE-2026-1", at, query))
          << query.market << query.build << query.batch << micros(at);
  }
  // Every size of a page, with filters that leave holes in it.
  const auto past = instants[instants.size() - 6];
  for (const std::int64_t limit : {1, 2, 3, 7, 40, 1000})
    for (const auto at : {kNow, past})
      for (const UnitQuery& query : {UnitQuery{}, where("", "", "px/b2"), where("FR", "px/boot/2")})
        EXPECT_EQ(paged("GHSA-1", at, query, limit), recounted("CVE-2026-1", at, query)) << limit;
}

TEST_P(ExposureOf, NothingKnownNotAssessedAndNotExposedAreThreeAnswers) {
  catalogue();
  sboms();
  const auto sentence = [&](const std::string& number, Time at = kNow) {
    return text_of(vulnerability(number, at).at("sentence"));
  };
  EXPECT_EQ(ask(kNow, [](const Questions& q) { return q.vulnerability("CVE-2026-9"); }).error().code, "HF-TRACE-0001");
  EXPECT_EQ(ask(kNow, [](const Questions& q) { return q.exposed("CVE-2026-9"); }).error().code, "HF-TRACE-0001");
  const auto before = clock_.now();
  feed({osv("3", "zzz", "9.0.0"), osv("4", "c", "0.5.0"), osv("5", "a", "2.0.0")});
  EXPECT_TRUE(sentence("CVE-2026-3").starts_with("Not assessed:")) << sentence("CVE-2026-3");
  EXPECT_FALSE(vulnerability("CVE-2026-3").at("assessed").get_bool());
  EXPECT_TRUE(sentence("CVE-2026-4").starts_with("Not exposed: 1 component was compared")) << sentence("CVE-2026-4");
  EXPECT_TRUE(vulnerability("CVE-2026-4").at("assessed").get_bool());
  EXPECT_TRUE(sentence("CVE-2026-5").starts_with("Not exposed: no unit runs"))
      << "no unit is registered yet: " << sentence("CVE-2026-5");
  import(100);
  EXPECT_TRUE(sentence("CVE-2026-5").starts_with("Exposed: ")) << sentence("CVE-2026-5");
  EXPECT_NE(sentence("CVE-2026-5").find("since px/fw/1.0"), std::string::npos)
      << "the first build that had it: " << sentence("CVE-2026-5");
  // Before the record came nothing had been compared with it.
  for (const auto* number : {"CVE-2026-4", "CVE-2026-5"}) {
    const auto then = ask(before, [&](const Questions& q) { return q.vulnerability(number); });
    ASSERT_FALSE(then && !text_of(then->at("sentence")).starts_with("Not assessed:")) << text_of(then->at("sentence"));
  }
}

TEST_P(ExposureOf, AWordWithoutARecordExposesToo) {
  catalogue();
  receive("px/fw/1.0", {component("a", "1.0.0")},
          R"({"id":"CVE-2026-7","analysis":{"state":"exploitable"},"affects":[{"ref":"a"}]})");
  import(60);
  known_["CVE-2026-7"].emplace_back(Time{}, Standings{{"px/fw/1.0", Standing::affected}});
  expect_recount("CVE-2026-7", kNow);
  const auto answer = vulnerability("CVE-2026-7");
  EXPECT_EQ(answer.at("findings").get_array().size(), 0U);
  EXPECT_EQ(text_of(answer.at("statements").at(0).at("basis")), "vex");
}

TEST_P(ExposureOf, ACursorThatIsNoneIsRefusedOrAnEnd) {
  catalogue();
  sboms();
  record_of_a("2.0.0", kFirst);
  import(30);
  for (const std::string bad :
       {"x", "1", "1.DE", "-.DE.S1", "1x.DE.S1", "99999999999999999999.DE.S1", "'; DROP TABLE device; --", " 1.DE.S"}) {
    const auto page = unit_page(kNow, "CVE-2026-1", {}, bad);
    ASSERT_FALSE(page) << bad;
    EXPECT_EQ(page.error().code, "HF-TRACE-0002") << bad;
  }
  for (const std::string odd : {"9223372036854775807.ZZ.zzz", "1.%.%", "0..", "1.'.\"", "0.DE.\\"}) {
    const auto page = unit_page(kNow, "CVE-2026-1", {}, odd);
    EXPECT_TRUE(page || page.error().code == "HF-TRACE-0002") << odd << (page ? "" : page.error().detail);
  }
  for (const auto& query : {where("", "px/fw/none"), where("", "", "px/none"), where("", "", "' OR 1=1 --")})
    EXPECT_EQ(unit_page(kNow, "CVE-2026-1", query).error().code, "HF-TRACE-0001");
}

}  // namespace
}  // namespace hf::trace::test
