// The questions that must be answered in seconds on the night of an incident, on a portfolio of full size: 10,000
// builds of 300 components, 370,000 CVE records, 390 configurations in 40 batches and 16 Member States, and the devices
// named in each figure. Through the code behind the REST API, from the query to the JSON text. One process, one client.
//   bench_exposure [sqlite|postgresql] [devices...]      as the signer: bench_exposure signer
#include "blob/store.h"
#include "catalog/service.h"
#include "db/check.h"
#include "fleet/service.h"
#include "keys/signer/process.h"
#include "portfolio/feed_service.h"
#include "portfolio/sbom_service.h"
#include "support/advisories.h"
#include "support/devices.h"
#include "support/signing.h"
#include "trace/questions.h"

namespace {

using namespace hf;

const db::Query kFoundAffected{"bench.found_affected", R"sql(
    SELECT vulnerability FROM finding WHERE state = 'affected' AND until = 9223372036854775807 GROUP BY vulnerability ORDER BY vulnerability)sql"};
class Bench {
 public:
  Bench(bench::Report& report, db::Database& database, const std::string& directory)
      : report_(report), database_(database), directory_(directory), devices_(database, catalogue_) {}

  void portfolio() {
    bench::Stopwatch watch;
    catalogue_ = bench::CatalogueFill(database_).run();
    report_.figure("fill: 10,000 builds of 300 components, 20,000 distinct", watch.seconds(), "s");
    watch = {};
    bench::fill_advisories(database_);
    report_.figure("fill: 370,000 CVE records", watch.seconds(), "s");
    analyse({"product", "module", "build", "batch", "sbom", "coordinate", "coordinate_key", "build_coordinate",
             "advisory", "advisory_key", "vulnerability_alias", "product_vendor"});
    report_.figure("whole portfolio evaluated for the first time",
                   bench::evaluate_all(database_, catalogue_.coordinates), "s");
    analyse({"finding"});
    require(bench::refeed(database_) == 0, "the filled records are not what the importer would have stored");
    bench::feed(database_, {bench::kev_catalogue()});
    devices_.configurations();
    affected_ = bench::must(database_.read([](const db::Reader& reader) {
      return reader.select(kFoundAffected, [](const db::Row& row) { return row.string(0); });
    }));
    report_.figure("vulnerabilities found in components", double(affected_.size()), "vulnerabilities");
  }

  void devices(std::int64_t from, std::int64_t to) {
    const bench::Stopwatch watch;
    devices_.units(from, to);
    units_ = to;
    suffix_ = ", " + std::to_string(to) + " devices";
    report_.figure("fill: " + std::to_string(to - from) + " more devices", watch.seconds(), "s");
    report_.figure("database" + suffix_, bench::size_mib(database_), "MiB");
    for (const auto* check : db::Check::all()) {
      if (!check->query().name().starts_with("fleet.check.census")) continue;
      std::size_t wrong = 0;
      bench::must(database_.read([&](const db::Reader& reader) {
        return reader.each(check->query(), [&](const db::Row&) { return ++wrong, true; });
      }));
      require(wrong == 0, "the census of the filled devices is wrong");
    }
  }

  void questions(std::int64_t from) {
    bench::forget_peak();
    exposure("exposure of a vulnerability by market" + suffix_, {}, bench::at_most(20));
    whole_answer("the whole answer about a vulnerability" + suffix_, {});
    units("first 1,000 serials of one market" + suffix_, {}, false, bench::at_most(50));
    units("a later page of 1,000 serials" + suffix_, {}, true, bench::at_most(50));
    figure("the record of one device" + suffix_, 300, [&](int i) {
      const bench::Unit unit{std::min(units_ - 1, units_ / 300 * i + i % 997)};
      return text([&](const trace::Questions& questions) {
        return questions.device(devices_.product_of(unit), unit.serial());
      });
    });
    figure("search for a serial" + suffix_, 500, [&](int i) {
      return text([&](const trace::Questions& questions) {
        return questions.search(bench::Unit{std::min(units_ - 1, units_ / 500 * i + i % 97)}.serial(), 20);
      });
    });
    figure("search for the beginning of a name" + suffix_, 500, [&](int i) {
      const auto word = i % 2 == 0 ? "component-0" + std::to_string(i % 100) : "CVE-2016-" + std::to_string(300 + i);
      return text([&](const trace::Questions& questions) { return questions.search(word, 20); });
    });
    figure("Today" + suffix_, 10, [&](int) {
      return text([](const trace::Questions& questions) { return questions.today(bench::kClock.now()); });
    });

    leak();

    const auto before = bench::kClock.now();
    moves(from);
    exposure("the same as of a past instant" + suffix_, before, bench::at_most(20));
    whole_answer("the whole answer as of a past instant" + suffix_, before);
    units("first 1,000 serials as of a past instant" + suffix_, before, false);
    report_.figure("peak memory of the questions" + suffix_, bench::peak_mib(), "MiB", bench::at_most(1024));
  }

  void changes() {
    bench::forget_peak();
    arrivals();
    sboms();
    report_.figure("peak memory of arrivals", bench::peak_mib(), "MiB", bench::at_most(1024));
    bench::forget_peak();
    const bench::ProcessorTime processor;
    report_.figure("whole portfolio re-evaluated", bench::evaluate_all(database_, catalogue_.coordinates), "s",
                   bench::at_most(10));
    report_.figure("whole portfolio re-evaluated, processor time of this process", processor.milliseconds() / 1e3, "s");
    report_.figure("peak memory of a re-evaluation", bench::peak_mib(), "MiB", bench::at_most(1024));
  }

 private:
  static void require(bool held, const char* what) {
    if (held) return;
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
  }

  // What autovacuum does in an installation, to tables that have rows: a plan made for an empty table stays with its
  // connection while the table grows.
  void analyse(std::initializer_list<std::string_view> tables) {
    if (database_.engine() != db::Engine::postgresql) return;
    for (const auto table : tables) bench::script(database_, "ANALYZE " + std::string(table));
  }

  // p50 and p99 of the milliseconds of `job(i)`, which returns the bytes of its answer.
  template <class Job>
  void figure(const std::string& name, int runs, Job job, std::optional<bench::Aim> aim = {}) {
    std::vector<double> times, worked, bytes;
    job(0);
    for (int i = 0; i < runs; ++i) {
      const bench::Stopwatch watch;
      const bench::ProcessorTime processor;
      bytes.push_back(double(job(i)));
      worked.push_back(processor.milliseconds());
      times.push_back(watch.milliseconds());
    }
    report_.figure(name + ", p50", bench::percentile(times, 0.5), "ms");
    report_.figure(name + ", p99", bench::percentile(times, 0.99), "ms", aim);
    if (aim) report_.figure(name + ", processor time of this process, p99", bench::percentile(worked, 0.99), "ms");
    require(bench::percentile(bytes, 1) > 0, "a question has no answer");
  }

  template <class Ask>
  std::size_t text(Ask ask, std::optional<Time> at = {}) {
    return to_text(bench::must(
                       database_.read([&](const db::Reader& reader) { return ask(trace::Questions(reader, {at})); })))
        .size();
  }
  [[nodiscard]] const std::string& vulnerability(int i, int runs) const {
    return affected_[affected_.size() * std::size_t(i) / std::size_t(runs)];
  }

  void exposure(const std::string& name, std::optional<Time> at, bench::Aim aim) {
    constexpr int kRuns = 300;
    figure(
        name, kRuns,
        [&](int i) {
          return text([&](const trace::Questions& questions) { return questions.exposed(vulnerability(i, kRuns)); },
                      at);
        },
        aim);
  }
  void whole_answer(const std::string& name, std::optional<Time> at, std::optional<bench::Aim> aim = {}) {
    constexpr int kRuns = 200;
    figure(
        name, kRuns,
        [&](int i) {
          return text(
              [&](const trace::Questions& questions) { return questions.vulnerability(vulnerability(i, kRuns)); }, at);
        },
        aim);
  }
  void units(const std::string& name, std::optional<Time> at, bool later, std::optional<bench::Aim> aim = {}) {
    constexpr int kRuns = 200;
    const auto page = [&](int i, std::string_view after) {
      return bench::must(database_.read([&](const db::Reader& reader) -> Result<JsonObject> {
        HF_TRY(auto list, trace::UnitList::of(reader, {at}, vulnerability(i, kRuns), {.market = "DE"}));
        return list.page(reader, after, 1000);
      }));
    };
    std::vector<std::string> cursors(kRuns);
    for (int i = 0; later && i < kRuns; ++i)
      for (int pages = 0; pages < 3; ++pages) {
        const auto answer = page(i, cursors[std::size_t(i)]);
        if (answer.at("next").is_string()) cursors[std::size_t(i)] = answer.at("next").get_string();
      }
    figure(
        name, kRuns, [&](int i) { return to_text(page(i, cursors[std::size_t(i)])).size(); }, aim);
  }

  // From "somebody has it" to who is affected: the key is stopped, the incident is on the ledger, and the units that
  // trust it are counted by market, with those that can still be given another key.
  void leak() {
    if (!key_) key_.emplace(database_, directory_ + "/keys");
    analyse({"signature", "build_artifact", "key_anchor"});
    figure(
        "key frozen, and the units that trust it by market" + suffix_, 30,
        [&](int) {
          key_->freeze();
          return text(
              [](const trace::Questions& questions) { return questions.signing_key("bench-fw", bench::kClock.now()); });
        },
        bench::at_most(1000));
  }

  // 10,000 devices say that they run the next configuration.
  void moves(std::int64_t from) {
    constexpr int kMoves = 10'000, kReport = 1000;
    const auto step = (units_ - from) / kMoves;
    const bench::Stopwatch watch;
    for (int first = 0; first < kMoves; first += kReport) {
      std::vector<fleet::RunningReport> reports;
      for (int i = first; i < first + kReport; ++i) {
        const bench::Unit unit{from + i * step};
        const int product = unit.batch() % bench::kProducts,
                  now = bench::configuration_of(unit.batch(), unit.place_slot());
        reports.push_back({devices_.product_of(unit), unit.serial(),
                           devices_.builds_of(product, std::min(now + 1, bench::kConfigurations - 1))});
      }
      for (const auto& outcome : bench::must(fleet::report_running(database_, bench::kClock, bench::kActor, reports)))
        require(outcome.what == fleet::ReportOutcome::moved, "a report of a device was refused or changed nothing");
    }
    report_.figure("reports of devices that moved" + suffix_, kMoves / watch.seconds(), "reports/s");
  }

  // One new record a time, from its text to the answer which builds it affects, on disk.
  void arrivals() {
    constexpr int kArrivals = 150;
    std::vector<double> committed, known;
    for (int i = 0; i < kArrivals; ++i) {
      const int package = i * 37 % bench::kPackages;
      const auto id = "CVE-2026-" + std::to_string(900'000 + i);
      const auto record = bench::cve_record(id, bench::vendor_name(package), bench::package_name(package), "0",
                                            bench::version_text(package, 1 + i % 19));
      const bench::Stopwatch watch;
      require(bench::feed(database_, {record}) == 1, "a new record is not new");
      committed.push_back(watch.milliseconds());
      const auto found = bench::must(
          database_.read([&](const db::Reader& reader) { return trace::ExposureStore(reader, {}).edges(id); }));
      known.push_back(watch.milliseconds());
      require(!found.empty(), "a new record has found nothing");
    }
    report_.figure("new CVE record committed with its findings, p50", bench::percentile(committed, 0.5), "ms");
    report_.figure("new CVE record to affected builds known, p50", bench::percentile(known, 0.5), "ms");
    report_.figure("new CVE record to affected builds known, p99", bench::percentile(known, 0.99), "ms",
                   bench::at_most(50));
  }

  // A module's next build: 300 components, of which ten are new.
  void sboms() {
    constexpr int kRuns = 20;
    blob::FileStore blobs(directory_ + "/blobs");
    std::vector<double> times;
    for (int i = 0; i < kRuns; ++i) {
      const int module = i % bench::kModules;
      std::vector<std::pair<int, int>> parts;
      for (int package = 0; package < bench::kPackages; ++package)
        if (bench::contains(module, package))
          parts.emplace_back(package, int(parts.size()) < 10 ? 20 + i : bench::kVersions - 1);
      const auto sbom = bench::sbom_of(parts);
      const bench::Stopwatch watch;
      const auto receipt =
          bench::must(portfolio::receive_sbom(database_, blobs, bench::kClock, bench::kActor,
                                              catalogue_.builds[std::size_t(module)].back().path, bytes_of(sbom)));
      times.push_back(watch.milliseconds());
      require(receipt.components == 300 && receipt.new_coordinates <= 10, "the SBOM was not read as written");
    }
    report_.figure("SBOM of 300 components to its findings, p50", bench::percentile(times, 0.5), "ms");
  }

  bench::Report& report_;
  db::Database& database_;
  std::string directory_;
  bench::Catalogue catalogue_;
  bench::DeviceFill devices_;
  std::vector<std::string> affected_;
  std::optional<bench::LeakedKey> key_;
  std::int64_t units_ = 0;
  std::string suffix_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count > 1 && std::string_view(arguments[1]) == "signer")
    return keys::run_signer(keys::kSignerChannel, bench::kClock, &keys::find_format);
  std::vector<std::int64_t> sizes;
  std::string only;
  if (count > 1 && std::isalpha(arguments[1][0])) only = arguments[1], ++arguments, --count;
  for (int i = 1; i < count; ++i) sizes.push_back(std::stoll(arguments[i]) / bench::kChunk * bench::kChunk);
  if (sizes.empty()) sizes = {1'000'000, 10'000'000};
  std::sort(sizes.begin(), sizes.end());
  bench::Report report("exposure");
  bench::on_both_engines(report, [&](db::Database& database, const std::string& directory) {
    if (!only.empty() && report.engine != only) return;
    Bench bench(report, database, directory);
    bench.portfolio();
    std::int64_t before = 0;
    for (const auto size : sizes) {
      bench.devices(before, size);
      bench.questions(before);
      before = size;
    }
    bench.changes();
  });
}
