// Product, device, key, today, search; and what hostile names do to them: nothing.
#include "keys/register_test.h"
#include "trace/trace_test.h"

namespace hf::trace::test {
namespace {

class Question : public TraceTest {
 protected:
  static std::set<std::string> paths(const Json& list) {
    std::set<std::string> found;
    for (const auto& item : list.get_array()) found.insert(text_of(item.is_string() ? item : item.at("path")));
    return found;
  }
  JsonObject must(Result<JsonObject> answer) {
    if (!answer)
      throw std::runtime_error(std::string(answer.error().code) + answer.error().message + answer.error().detail);
    return *std::move(answer);
  }
};
HF_BOTH_ENGINES(Question);

TEST_P(Question, OfADeviceNowAndThenWithItsHistory) {
  catalogue();
  sboms();
  feed({osv("1", "a", "2.0.0")});
  import(40);
  const auto registered = clock_.now();
  for (int i = 0; i < 4; ++i) move(25);
  for (std::size_t i = 0; i < units_.size(); i += 5) {
    const auto& unit = units_[i];
    const auto answer = must(ask(kNow, [&](const Questions& q) { return q.device(unit.product, unit.serial); }));
    EXPECT_EQ(paths(answer.at("builds")), unit.runs.back().builds);
    EXPECT_EQ(text_of(answer.at("batch")), unit.batch);
    EXPECT_EQ(text_of(answer.at("market")), unit.market);
    EXPECT_EQ(text_of(answer.at("since")), format_rfc3339(unit.runs.back().since));
    const auto& history = answer.at("history").get_array();
    ASSERT_EQ(history.size(), unit.runs.size());
    for (std::size_t k = 0; k < history.size(); ++k) {
      const auto& run = unit.runs[unit.runs.size() - 1 - k];
      EXPECT_EQ(text_of(history[k].at("since")), format_rfc3339(run.since));
      EXPECT_EQ(paths(history[k].at("builds")), run.builds);
    }
    EXPECT_TRUE(answer.at("evidence").at(0).at("entry").is_int64());
    for (const auto& run : unit.runs)
      for (const auto at : {run.since, run.since + std::chrono::microseconds(1)}) {
        const auto then = must(ask(at, [&](const Questions& q) { return q.device(unit.product, unit.serial); }));
        EXPECT_EQ(paths(then.at("builds")), run.builds) << unit.serial;
        EXPECT_EQ(text_of(then.at("since")), format_rfc3339(run.since));
      }
    EXPECT_EQ(ask(registered - std::chrono::microseconds(1),
                  [&](const Questions& q) { return q.device(unit.product, unit.serial); })
                  .error()
                  .code,
              "HF-TRACE-0001");
    // What it runs is what exposes it.
    bool affected = false;
    for (const auto& line : answer.at("exposure").get_array())
      affected |= text_of(line.at("vulnerability")) == "CVE-2026-1" && text_of(line.at("state")) == "affected";
    EXPECT_EQ(affected, unit.runs.back().builds.contains("px/fw/1.0") || unit.runs.back().builds.contains("py/fw/1"));
  }
}

TEST_P(Question, OfAProductEqualsARecount) {
  catalogue();
  import(80);
  const auto before_sboms = clock_.now();
  sboms();
  move(60);
  for (const auto at : {kNow, clock_.now(), before_sboms, before_sboms - std::chrono::seconds(1)}) {
    const auto answer = must(ask(at, [](const Questions& q) { return q.product("px"); }));
    std::int64_t total = 0, without = 0;
    std::map<std::string, std::int64_t> markets, builds, batches;
    for (const auto& unit : units_) {
      const auto* run = unit.at(at);
      if (unit.product != "px" || !run) continue;
      ++total, ++markets[unit.market], ++batches[unit.batch];
      for (const auto& build : run->builds) ++builds[build];
      without += at <= before_sboms || run->builds.contains("px/boot/2") ? 1 : 0;
    }
    EXPECT_EQ(answer.at("devices").at("total").get_int64(), total);
    EXPECT_EQ(answer.at("devices").at("without_sbom").get_int64(), without);
    std::map<std::string, std::int64_t> said;
    for (const auto& row : answer.at("devices").at("by_market").get_array())
      said[text_of(row.at("market"))] = row.at("devices").get_int64();
    EXPECT_EQ(said, markets);
    for (const auto& row : answer.at("builds").get_array())
      EXPECT_EQ(row.at("devices").get_int64(), builds[text_of(row.at("path"))]);
    for (const auto* path : {"px/fw/1.0", "px/boot/2"})
      EXPECT_EQ(must(ask(at, [&](const Questions& q) { return q.build(path); })).at("devices").get_int64(),
                builds[path])
          << path;
    for (const auto& row : answer.at("batches").get_array())
      EXPECT_EQ(row.at("devices").get_int64(), batches[text_of(row.at("path"))]);
    EXPECT_EQ(text_of(answer.at("sentence")).find("unknown, not clean") != std::string::npos, without > 0);
  }
  EXPECT_EQ(ask(kNow, [](const Questions& q) { return q.product("nope"); }).error().code, "HF-TRACE-0001");
}

TEST_P(Question, OfABuildAndItsComponentsPageByPage) {
  catalogue();
  EXPECT_NE(
      text_of(must(ask(kNow, [](const Questions& q) { return q.build("px/fw/1.0"); })).at("sentence")).find("unknown"),
      std::string::npos);
  sboms();
  feed({osv("1", "a", "2.0.0")});
  const auto build = must(ask(kNow, [](const Questions& q) { return q.build("px/fw/1.0"); }));
  EXPECT_EQ(build.at("components").get_int64(), 2);
  EXPECT_EQ(text_of(build.at("findings").at(0).at("vulnerability")), "CVE-2026-1");
  EXPECT_EQ(must(ask(kNow, [](const Questions& q) { return q.build("px/fw/1.1"); })).at("findings").get_array().size(),
            0U)
      << "the build's own word";
  std::set<std::string> names;
  std::int64_t after = 0;
  for (;;) {
    const auto page = must(ask(kNow, [&](const Questions& q) { return q.components("px/fw/1.0", after, 1); }));
    for (const auto& item : page.at("items").get_array()) names.insert(text_of(item.at("name")));
    if (page.at("next").is_null()) break;
    after = std::stoll(text_of(page.at("next")));
  }
  EXPECT_EQ(names, (std::set<std::string>{"a", "c"}));
}

TEST_P(Question, OfAKeyFindsItsUnit) {
  catalogue();
  const std::string digest(64, 'a'), other(64, 'b');
  std::istringstream in("batch,serial,market,builds,certificate_sha256,key_sha256\npx/b1,A1,DE,px/fw/1.0," + digest +
                        "," + other + "\n");
  fleet::ImportReader reader(in);
  fleet::Importer importer(*database_, clock_, {"factory:brno", "factory"});
  while (auto record = reader.next()) ASSERT_TRUE(importer.add(std::move(*record)));
  ASSERT_EQ(importer.finish()->imported, 1U);
  const auto answer = must(ask(kNow, [&](const Questions& q) { return q.key(digest); }));
  EXPECT_EQ(text_of(answer.at("kind")), "certificate");
  EXPECT_EQ(text_of(answer.at("devices").at("sample").at(0).at("serial")), "A1");
  EXPECT_EQ(text_of(must(ask(kNow, [&](const Questions& q) { return q.key(other); })).at("kind")), "key");
  EXPECT_EQ(ask(kNow, [](const Questions& q) { return q.key(std::string(64, 'c')); }).error().code, "HF-TRACE-0001");
  const auto device = must(ask(kNow, [](const Questions& q) { return q.device("px", "A1"); }));
  EXPECT_EQ(text_of(device.at("certificate_sha256")), digest);
  EXPECT_EQ(text_of(device.at("key_sha256")), other);
}

TEST_P(Question, OfTodayStartsTheClocksWhenBothWereKnown) {
  catalogue();
  const auto ask_today = [&](Time at = kNow) {
    return must(ask(at, [&](const Questions& q) { return q.today(clock_.now()); }));
  };
  EXPECT_TRUE(text_of(ask_today().at("sentence")).starts_with("No feed has been imported yet"));
  sboms();
  import(60);
  feed({osv("1", "a", "2.0.0")});
  EXPECT_TRUE(text_of(ask_today().at("sentence")).starts_with("No exploited vulnerability"));
  const auto before = clock_.now();
  const auto kev = [](const std::string& version, const std::string& entries) {
    return R"({"catalogVersion":")" + version + R"(","vulnerabilities":[)" + entries + "]}";
  };
  const std::string entry =
      R"({"cveID":"CVE-2026-1","dateAdded":"2026-01-02","dueDate":"2026-02-02","vulnerabilityName":"A flaw"})";
  feed({kev("1", entry)});
  const auto listed = clock_.now();
  auto answer = ask_today();
  EXPECT_TRUE(text_of(answer.at("sentence")).starts_with("1 exploited vulnerability exposes "))
      << text_of(answer.at("sentence"));
  ASSERT_EQ(answer.at("clocks").get_array().size(), 2U);
  EXPECT_EQ(text_of(answer.at("clocks").at(0).at("starts_at")), format_rfc3339(listed));
  EXPECT_EQ(text_of(answer.at("clocks").at(0).at("ends_at")), format_rfc3339(listed + std::chrono::hours(24)));
  EXPECT_FALSE(answer.at("clocks").at(0).at("overdue").get_bool());
  EXPECT_EQ(ask_today(before).at("exploited").get_array().size(), 0U);
  clock_.advance(std::chrono::hours(73));
  answer = ask_today();
  EXPECT_TRUE(answer.at("clocks").at(1).at("overdue").get_bool());
  EXPECT_NE(text_of(answer.at("sentence")).find("more than 48 hours old"), std::string::npos);
  feed({kev("2", "")});
  EXPECT_EQ(ask_today().at("exploited").get_array().size(), 0U) << "taken off the list";
  EXPECT_EQ(ask_today(listed).at("exploited").get_array().size(), 1U) << "and it stays visible that it was on it";
  const auto& coverage = answer.at("coverage");
  EXPECT_EQ(coverage.at("builds").get_int64(), 7);
  EXPECT_EQ(coverage.at("builds_without_sbom").get_int64(), 1);
  EXPECT_EQ(coverage.at("devices").get_int64(), 60);
  EXPECT_EQ(ask_today(clock_.now()).at("coverage"), coverage) << "as of now is now";
  EXPECT_EQ(ask_today(time_of(1)).at("coverage").at("devices").get_int64(), 0) << "no device was registered then";
  EXPECT_EQ(ask_today(time_of(1)).at("coverage").at("builds").get_int64(), 0);
}

TEST_P(Question, OfTodayNamesWhatWaitsForADecisionAndTheGrantsThatLive) {
  using namespace keys::test;
  const Cast cast;
  const auto key =
      put_key(*database_, clock_, cast.charter(), hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256)).charter;
  const auto signing = [&](Time at = TraceTest::kNow) {
    const auto answer = must(ask(at, [&](const Questions& q) { return q.today(clock_.now()); }));
    std::string text;
    for (const auto* list : {"waiting", "grants"}) {
      text += list;
      for (const auto& one : answer.at("signing").at(list).get_array()) text += " " + text_of(one.at("reason"));
      text += "; ";
    }
    return text;
  };
  keys::Register book(*database_, clock_, &find_text_format);
  const auto approve = [&](const Person& person, const keys::SigningRequest& request) {
    EXPECT_TRUE(book.decide(keys::digest_of(request),
                            approval_by(person, request, keys::Decision::approve, clock_.now()), actor_));
  };
  EXPECT_EQ(signing(), "waiting; grants; ");
  const auto evidence = evidence_of(R"({"security_version":3})");
  const auto release = request_for(key, evidence, clock_.now());
  const auto grant = grant_for(key, clock_.now());
  put_request(*database_, clock_, release, attachment_of(evidence));
  put_request(*database_, clock_, grant, "");
  EXPECT_EQ(signing(), "waiting release 1.2 nightly builds; grants; ");
  const auto asked = clock_.now();
  clock_.advance(std::chrono::hours(1));
  for (const auto* person : {&cast.ann, &cast.bob}) approve(*person, release), approve(*person, grant);
  EXPECT_EQ(signing(), "waiting; grants nightly builds; ") << "what is approved waits for nobody";
  EXPECT_EQ(signing(asked), "waiting release 1.2 nightly builds; grants; ");
  EXPECT_EQ(signing(asked - std::chrono::seconds(1)), "waiting; grants; ");
  put_signature(*database_, clock_, keys::digest_of(grant));
  put_signature(*database_, clock_, keys::digest_of(grant));
  EXPECT_EQ(signing(), "waiting; grants; ") << "used up";
  clock_.advance(std::chrono::hours(24 * 8));
  EXPECT_EQ(signing(asked + std::chrono::hours(24 * 8)), "waiting; grants; ");
}

TEST_P(Question, Abuse47OfALeakedKeySaysWhichUnitsCanBeGivenAnother) {
  using namespace keys::test;
  catalogue();
  import(80);
  const Cast cast;
  const auto key = put_key(*database_, clock_, cast.charter(), hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256));
  auto other = cast.charter();
  other.key = "px-other";
  put_key(*database_, clock_, other, hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256));
  keys::Register book(*database_, clock_, &find_text_format);
  const auto leak = [&](Time at = TraceTest::kNow) {
    return must(ask(at, [&](const Questions& q) { return q.signing_key("px-fw", clock_.now()); })).at("leak");
  };
  const auto count_of = [&](std::string_view product, std::string_view market = {}) {
    return std::ranges::count_if(
        units_, [&](const auto& unit) { return unit.product == product && (market.empty() || unit.market == market); });
  };
  clock_.advance(std::chrono::hours(1));
  EXPECT_TRUE(text_of(leak().at("sentence")).starts_with("What verifies with it is not recorded"));
  const auto before = clock_.now();
  clock_.advance(std::chrono::hours(1));
  const auto trust = [&](const char* name, const char* revision, bool fused, std::int64_t slots) {
    return book.anchor({.key = name, .hardware_revision = revision, .fused = fused, .slots = slots}, actor_);
  };
  ASSERT_TRUE(trust("px-fw", "px/rev-a", true, 2));
  ASSERT_TRUE(trust("px-fw", "py/rev-a", false, 0));
  EXPECT_EQ(trust("px-fw", "px/rev-a", true, 2).error().code, "HF-KEYS-0026");
  EXPECT_EQ(trust("px-fw", "px/rev-z", true, 2).error().code, "HF-KEYS-0027");
  EXPECT_EQ(leak().at("rekeyable").get_int64(), 80) << "one of two slots is free, and py's key is not burned in";
  EXPECT_EQ(leak(before).at("rekeyable").get_int64(), 0) << "nothing was recorded then";
  ASSERT_TRUE(trust("px-other", "px/rev-a", true, 2));
  auto answer = leak();
  EXPECT_EQ(answer.at("stuck").get_int64(), count_of("px")) << "both slots are taken";
  EXPECT_EQ(answer.at("rekeyable").get_int64(), count_of("py"));
  for (const auto& line : answer.at("by_market").get_array()) {
    EXPECT_EQ(line.at("stuck").get_int64(), count_of("px", text_of(line.at("market"))));
    EXPECT_EQ(line.at("rekeyable").get_int64(), count_of("py", text_of(line.at("market"))));
  }
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(leak(clock_.now()), answer) << "as of now is now";
  EXPECT_NE(text_of(answer.at("sentence")).find("no slot is left"), std::string::npos);

  const auto incident =
      ledger::write(*database_, clock_, actor_, [&](ledger::Transaction& transaction) -> Result<void> {
        HF_TRY(const auto entry, transaction.append("key.compromise_suspected", {"key:px-fw"}, {}));
        return keys::insert_incident(transaction, entry, key.id, {before, clock_.now(), "build server", "user:1"});
      });
  ASSERT_TRUE(incident);
  const auto frozen =
      must(ask(TraceTest::kNow, [&](const Questions& q) { return q.signing_key("px-fw", clock_.now()); }));
  EXPECT_EQ(text_of(frozen.at("frozen").at("effective_at")), format_rfc3339(before));
  EXPECT_TRUE(text_of(frozen.at("sentence")).starts_with("Frozen, suspect since "));
  EXPECT_TRUE(must(ask(before, [&](const Questions& q) { return q.signing_key("px-fw", clock_.now()); }))
                  .at("frozen")
                  .is_null());
}

TEST_P(Question, VulnerabilitiesPageByNumber) {
  catalogue();
  sboms();
  std::vector<std::string> records;
  for (int i = 10; i < 20; ++i) records.push_back(osv(std::to_string(i), "a", "2.0.0"));
  feed(records);
  std::vector<std::string> listed;
  std::string after;
  for (;;) {
    const auto page = must(ask(kNow, [&](const Questions& q) { return q.vulnerabilities("affected", after, 3); }));
    for (const auto& item : page.at("items").get_array()) listed.push_back(text_of(item.at("vulnerability")));
    if (page.at("next").is_null()) break;
    after = text_of(page.at("next"));
  }
  EXPECT_EQ(listed.size(), 10U);
  const auto under_investigation =
      must(ask(kNow, [](const Questions& q) { return q.vulnerabilities("under_investigation", "", 10); }));
  ASSERT_EQ(under_investigation.at("items").get_array().size(), 1U) << "known by a build's own word alone";
  EXPECT_EQ(text_of(under_investigation.at("items").at(0).at("vulnerability")), "CVE-2026-1");
  EXPECT_TRUE(std::is_sorted(listed.begin(), listed.end()));
}

TEST_P(Question, SearchFindsByBeginning) {
  catalogue();
  sboms();
  import(20);
  feed({osv("1", "a", "2.0.0")});
  const auto found = [&](const std::string& text) {
    std::set<std::string> lines;
    const auto answer = must(ask(kNow, [&](const Questions& q) { return q.search(text, 50); }));
    for (const auto& item : answer.at("items").get_array())
      lines.insert(text_of(item.at("kind")) + " " + text_of(item.at("id")));
    return lines;
  };
  EXPECT_TRUE(found("px").contains("product px"));
  EXPECT_TRUE(found("px/fw/1").contains("build px/fw/1.2"));
  EXPECT_TRUE(found("px/b").contains("batch px/b1"));
  EXPECT_TRUE(found("GHSA-").contains("vulnerability CVE-2026-1"));
  EXPECT_TRUE(found("widg").contains("component px/fw/1.1"));
  EXPECT_TRUE(found("S3").contains("device " + units_[3].product + "/S3"));
  EXPECT_TRUE(found("nothing").empty());
  for (const std::string odd : {"%", "_", "px%", "p_", "*", "\\"})
    EXPECT_TRUE(found(odd).empty()) << odd << " is no pattern";
}

TEST_P(Question, HostileNamesFindNothingAndBreakNothing) {
  catalogue();
  sboms();
  import(20);
  for (const std::string& hostile : std::vector<std::string>{
           "'; DROP TABLE device; --", "\"", "%", "_", "\\", "$1", "\xF0\x9F\x92\xA3", "\xE2\x80\xAE", "", " ",
           "\xff\xfe", "a\xC3", std::string("a\0b", 3), std::string(100'000, 'x')}) {
    const auto refused = [&](const Result<JsonObject>& answer) {
      ASSERT_FALSE(answer) << hostile.substr(0, 20);
      EXPECT_EQ(answer.error().code, "HF-TRACE-0001") << hostile.substr(0, 20) << answer.error().detail;
      EXPECT_LT(answer.error().message.size(), 1000U);
    };
    refused(ask(kNow, [&](const Questions& q) { return q.vulnerability(hostile); }));
    refused(ask(kNow, [&](const Questions& q) { return q.exposed(hostile); }));
    refused(ask(kNow, [&](const Questions& q) { return q.product(hostile); }));
    refused(ask(kNow, [&](const Questions& q) { return q.build(hostile); }));
    refused(ask(kNow, [&](const Questions& q) { return q.device(hostile, "S1"); }));
    refused(ask(kNow, [&](const Questions& q) { return q.device("px", hostile); }));
    refused(ask(kNow, [&](const Questions& q) { return q.key(hostile); }));
    const auto searched = ask(kNow, [&](const Questions& q) { return q.search(hostile, 5); });
    EXPECT_TRUE(searched || searched.error().kind == ErrorKind::invalid ||
                searched.error().kind == ErrorKind::not_found)
        << hostile.substr(0, 20) << searched.error().code << searched.error().detail;
    const auto units = unit_page(kNow, hostile, where(hostile));
    EXPECT_TRUE(units || units.error().kind == ErrorKind::not_found) << hostile.substr(0, 20) << units.error().detail;
  }
  EXPECT_EQ(must(ask(kNow, [](const Questions& q) { return q.product("px"); }))
                .at("batches")
                .at(0)
                .at("factory")
                .get_string(),
            "Brno \"1\" <b>");
}

}  // namespace
}  // namespace hf::trace::test
