// A fleet for tests, kept a second time as a plain list, so that every answer can be counted again by hand.
#pragma once

#include <map>
#include <random>
#include <set>
#include <sstream>

#include "blob/store.h"
#include "catalog/service.h"
#include "fleet/service.h"
#include "portfolio/feed_service.h"
#include "portfolio/sbom_service.h"
#include "support/test_database.h"
#include "trace/questions.h"

namespace hf::trace::test {

struct Run {
  Time since;
  std::set<std::string> builds;
};
struct KnownUnit {
  std::string product, serial, batch, market;
  std::vector<Run> runs;

  [[nodiscard]] const Run* at(Time when) const {
    const Run* found = nullptr;
    for (const auto& run : runs)
      if (run.since <= when) found = &run;
    return found;
  }
};
// What a build is known to be, from an instant on.
using Standings = std::map<std::string, Standing>;

class TraceTest : public hf::test::DatabaseTest {
 protected:
  static constexpr Time kNow{std::chrono::microseconds(std::numeric_limits<std::int64_t>::max() - 1)};

  void add(std::string_view entity, const std::string& json) {
    const auto record = parse_json(json).value();
    const auto done = ledger::write(*database_, clock_, actor_, [&](ledger::Transaction& t) {
      return catalog::create(t, *catalog::find_entity(entity), record.get_object());
    });
    if (!done) throw std::runtime_error(done.error().message);
  }
  // px runs fw and boot, py runs fw; px/boot/2 has no SBOM. a is affected below 2.0.0 once the first record comes.
  void catalogue() {
    add("manufacturer", R"({"code":"acme","name":"ACME '; DROP TABLE device; --","country":"DE"})");
    for (const std::string product : {"px", "py"}) {
      add("product", R"({"code":")" + product + R"(","manufacturer":"acme","name":"P","product_class":"default"})");
      add("module", R"({"product":")" + product + R"(","code":"fw","name":"Firmware","kind":"firmware"})");
      add("hardware_revision", R"({"product":")" + product + R"(","code":"rev-a","name":"Rev A"})");
    }
    add("module", R"({"product":"px","code":"boot","name":"Boot","kind":"bootloader"})");
    for (const auto* version : {"1.0", "1.1", "1.2"})
      add("build", R"({"module":"px/fw","version":")" + std::string(version) + "\"}");
    for (const auto* version : {"1", "2"}) {
      add("build", R"({"module":"px/boot","version":")" + std::string(version) + "\"}");
      add("build", R"({"module":"py/fw","version":")" + std::string(version) + "\"}");
    }
    for (const std::string batch : {"b1", "b2", "b3"})
      for (const std::string product : {"px", "py"})
        add("batch",
            R"({"product":")" + product + R"(","code":")" + batch + R"(","hardware_revision":")" + product +
                R"(/rev-a","name":"B","factory":"Brno \"1\" <b>","authorised_quantity":100000,"support_end":"2031-01-31","placements":[{"market":"DE","placed_at":"2026-02-01"}]})");
  }
  void sboms() {
    const auto a1 = component("a", "1.0.0"), a2 = component("a", "2.0.0"), b1 = component("b", "1.0.0"),
               c1 = component("c", "1.0.0");
    const std::string widget =
        R"({"type":"library","bom-ref":"w","name":"widget","cpe":"cpe:2.3:a:acme:widget:*:*:*:*:*:*:*:*"})";
    receive("px/fw/1.0", {a1, c1});
    receive("px/fw/1.1", {a1, widget},
            R"({"id":"CVE-2026-1","analysis":{"state":"not_affected"},"affects":[{"ref":"a"}]})");
    receive("px/fw/1.2", {a2});
    receive("px/boot/1", {b1});
    receive("py/fw/1", {a1, b1});
    receive("py/fw/2", {a1}, R"({"id":"CVE-2026-1","analysis":{"state":"in_triage"},"affects":[{"ref":"a"}]})");
  }
  static std::string component(const std::string& name, const std::string& version) {
    return R"({"type":"library","bom-ref":")" + name + R"(","name":")" + name + R"(","version":")" + version +
           R"(","purl":"pkg:npm/)" + name + "@" + version + R"("})";
  }
  void receive(const std::string& build, const std::vector<std::string>& components, const std::string& vex = "") {
    clock_.advance(std::chrono::seconds(1));
    std::string list;
    for (const auto& one : components) list += (list.empty() ? "" : ",") + one;
    const auto text = R"({"bomFormat":"CycloneDX","specVersion":"1.6","components":[)" + list +
                      R"(],"vulnerabilities":[)" + vex + "]}";
    const auto receipt = portfolio::receive_sbom(*database_, blobs_, clock_, actor_, build, bytes_of(text));
    if (!receipt) throw std::runtime_error(receipt.error().message + receipt.error().detail);
  }
  void feed(const std::vector<std::string>& documents) {
    clock_.advance(std::chrono::seconds(1));
    portfolio::FeedImporter importer(*database_, clock_, actor_, "test");
    vuln::JsonReader reader;
    for (const auto& document : documents)
      if (const auto kind = vuln::read_document(reader, document, importer.sink()); !kind)
        throw std::runtime_error(kind.error().message + kind.error().detail);
    if (const auto done = importer.finish(); !done)
      throw std::runtime_error(done.error().message + done.error().detail);
  }
  static std::string osv(const std::string& number, const std::string& package, const std::string& fixed) {
    return R"({"id":"GHSA-)" + number + R"(","modified":"2026-01-01T00:00:00Z","aliases":["CVE-2026-)" + number +
           R"("],"summary":"flaw )" + number + R"(","affected":[{"package":{"ecosystem":"npm","name":")" + package +
           R"("},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":")" + fixed + R"("}]}]}]})";
  }
  void record_of_a(const std::string& fixed, Standings standings) {
    feed({osv("1", "a", fixed)});
    known_["CVE-2026-1"].emplace_back(clock_.now(), std::move(standings));
  }

  std::set<std::string> any_builds(const std::string& product) {
    if (product == "py") return {"py/fw/" + std::to_string(1 + dice(2))};
    return {"px/fw/1." + std::to_string(dice(3)), "px/boot/" + std::to_string(1 + dice(2))};
  }
  void import(int count) {
    clock_.advance(std::chrono::seconds(1));
    std::string csv = "batch,serial,market,builds\n";
    for (int i = 0; i < count; ++i) {
      KnownUnit unit{dice(3) == 0 ? "py" : "px",
                     "S" + std::to_string(units_.size()),
                     "b" + std::to_string(1 + dice(3)),
                     kMarkets[dice(4)],
                     {}};
      unit.batch = unit.product + "/" + unit.batch;
      unit.runs.push_back({clock_.now(), any_builds(unit.product)});
      std::string builds;
      for (const auto& build : unit.runs[0].builds) builds += (builds.empty() ? "" : ";") + build;
      csv += unit.batch + "," + unit.serial + "," + unit.market + "," + builds + "\n";
      units_.push_back(std::move(unit));
    }
    std::istringstream in(csv);
    fleet::ImportReader reader(in);
    fleet::Importer importer(*database_, clock_, {"factory:brno", "factory"});
    while (auto record = reader.next()) ASSERT_TRUE(importer.add(std::move(*record)));
    const auto summary = importer.finish();
    ASSERT_TRUE(summary) << summary.error().message << summary.error().detail;
    ASSERT_EQ(summary->imported, std::uint64_t(count));
  }
  void move(int count) {
    clock_.advance(std::chrono::seconds(1));
    std::vector<fleet::RunningReport> reports;
    std::set<std::size_t> chosen;
    while (int(chosen.size()) < count) chosen.insert(std::size_t(dice(int(units_.size()))));
    for (const auto i : chosen) {
      auto& unit = units_[i];
      auto builds = any_builds(unit.product);
      reports.push_back({unit.product, unit.serial, {builds.begin(), builds.end()}});
      if (builds != unit.runs.back().builds) unit.runs.push_back({clock_.now(), std::move(builds)});
    }
    const auto outcomes = fleet::report_running(*database_, clock_, {"device", "device"}, reports);
    ASSERT_TRUE(outcomes) << outcomes.error().message << outcomes.error().detail;
  }

  // The recount.
  const Standings& standings(const std::string& vulnerability, Time at) {
    static const Standings kNone;
    const Standings* found = &kNone;
    for (const auto& [since, standing] : known_[vulnerability])
      if (since <= at) found = &standing;
    return *found;
  }
  std::optional<Standing> standing_of(const KnownUnit& unit, const std::string& vulnerability, Time at) {
    const auto* run = unit.at(at);
    std::optional<Standing> standing;
    if (!run) return standing;
    for (const auto& build : run->builds)
      if (const auto known = standings(vulnerability, at).find(build); known != standings(vulnerability, at).end())
        standing = std::max(standing.value_or(Standing::not_affected), known->second);
    return standing;
  }

  static AsOf as_of(Time at) { return at == kNow ? AsOf{} : AsOf{at}; }
  template <class Ask>
  Result<JsonObject> ask(Time at, Ask question) {
    return database_->read([&](const db::Reader& reader) { return question(Questions(reader, as_of(at))); });
  }
  Result<JsonObject> unit_page(Time at, const std::string& number, const UnitQuery& query, std::string_view after = {},
                               std::int64_t limit = 100) {
    return database_->read([&](const db::Reader& reader) -> Result<JsonObject> {
      HF_TRY(auto list, UnitList::of(reader, as_of(at), number, query));
      return list.page(reader, after, limit);
    });
  }
  JsonObject vulnerability(const std::string& number, Time at = kNow) {
    const auto answer = ask(at, [&](const Questions& q) { return q.vulnerability(number); });
    if (!answer) throw std::runtime_error(answer.error().message + answer.error().detail);
    return *answer;
  }

  int dice(int sides) { return int(random_() % unsigned(sides)); }

  static constexpr const char* kMarkets[4] = {"DE", "FR", "IT", "PL"};
  ManualClock clock_{parse_rfc3339("2026-11-23T08:00:00Z").value()};
  ledger::Actor actor_{"user:test", "engineer"};
  hf::test::TemporaryDirectory directory_;
  blob::FileStore blobs_{directory_.file("blobs")};
  std::mt19937 random_{11};
  std::vector<KnownUnit> units_;
  std::map<std::string, std::vector<std::pair<Time, Standings>>> known_;
};

inline UnitQuery where(std::string market, std::string build = {}, std::string batch = {},
                       Standing standing = Standing::affected) {
  return {std::move(market), std::move(build), std::move(batch), standing};
}
inline std::string text_of(const Json& value) { return std::string(value.get_string()); }

}  // namespace hf::trace::test
