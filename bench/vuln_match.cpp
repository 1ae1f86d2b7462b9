// The offline half of matching, on real feeds and a real image: build of the database, look-ups, a scan, evaluations.
// Needs the real data in HF_SHARED_DATA; prints nothing without it.
#include "support/bench.h"

#include <sys/resource.h>

#include <filesystem>

#include "archive/reader.h"
#include "sbom/parse.h"
#include "vuln/db_dir/build.h"
#include "vuln/scan/scan.h"

using namespace hf;

namespace {

sbom::Document image_of(const std::filesystem::path& file) {
  std::optional<sbom::Document> document;
  bench::must(archive::for_each_document(file, {}, [&](const archive::Document& each) -> Result<bool> {
    document = bench::must(sbom::parse(bytes_of(each.bytes)));
    return false;
  }));
  return *std::move(document);
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) / 1024;
}

}  // namespace

int main() {
  const char* folder = std::getenv("HF_SHARED_DATA");
  const std::filesystem::path data = folder == nullptr ? "../shared/data" : folder;
  const auto image = data / "spdx/yocto-core-image-minimal-qemux86-64.rootfs.spdx3.json.zst";
  const std::vector<std::filesystem::path> sources{
      data / "cve5/vulnrichment-2024-10.tar.zst", data / "nvd/nvd-data-overrides-2026-08.tar.zst",
      data / "osv/golang-vulndb-2026-08.tar.zst", data / "osv/bitnami-vulndb-2026-08.tar.zst",
      data / "kev/known_exploited_vulnerabilities.json.zst"};
  for (const auto& file : sources)
    if (!std::filesystem::exists(file)) {
      std::fprintf(stderr, "no real feeds in %s: set HF_SHARED_DATA\n", data.c_str());
      return 0;
    }
  bench::Report report("vuln_match");
  const test::TemporaryDirectory directory;
  const auto db = std::filesystem::path(directory.path()) / "db";
  const SystemClock clock;

  bench::Stopwatch build;
  const auto built = bench::must(vuln::build_database(sources, db, {}, clock));
  const auto seconds = build.seconds();
  report.figure("advisory records", double(built.manifest.advisories), "records");
  report.figure("database build", seconds, "s");
  report.figure("database build rate", double(built.manifest.advisories) / seconds, "records/s",
                bench::at_least(6'200));  // 370 k records in 60 s
  report.figure("database size", double(std::filesystem::file_size(db / vuln::kDatabaseFile)) / 1e6, "MB");
  report.figure("peak memory of the build", peak_megabytes(), "MB", bench::at_most(512));
  bench::Stopwatch again;
  bench::must(vuln::build_database(sources, db, {}, clock));
  report.figure("rebuild with unchanged sources", again.seconds(), "s");

  const auto document = image_of(image);
  auto database = bench::must(vuln::AdvisoryDatabase::open(db));
  std::vector<double> scans;
  std::size_t findings = 0;
  for (int i = 0; i < 20; ++i) {
    bench::Stopwatch once;
    findings = bench::must(vuln::scan(document, database)).findings.size();
    scans.push_back(once.milliseconds());
  }
  report.figure("components of the Yocto image", double(document.components.size()), "components");
  report.figure("findings in it", double(findings), "findings");
  report.figure("scan of a Yocto image, p50", bench::percentile(scans, 0.5), "ms", bench::at_most(1000));

  // One look-up of a key, of packages that are there and that are not.
  std::vector<double> lookups;
  for (int i = 0; i < 2000; ++i) {
    const auto key = i % 2 == 0 ? std::string("product:busybox") : "product:none_" + std::to_string(i);
    bench::Stopwatch once;
    bench::must(database.ids_of(key));
    lookups.push_back(once.seconds() * 1e6);
  }
  report.figure("look-up of a key, p50", bench::percentile(lookups, 0.5), "us", bench::at_most(50));
  report.figure("look-up of a key, p99", bench::percentile(lookups, 0.99), "us");

  // Records that share a key with the image, each against the components that share it: statements and versions
  // compared.
  const vuln::ComponentSet set(vuln::subjects_of(document).subjects);
  std::vector<std::string> keys;
  vuln::ProductDictionary dictionary;
  for (const auto& [key, components] : set.by_key()) {
    keys.push_back(key);
    for (const auto& pair : bench::must(database.vendors_of(key.starts_with("product:") ? key.substr(8) : key)))
      dictionary.add(pair);
  }
  const auto records = bench::must(database.with_keys(keys));
  std::size_t assessments = 0;
  bench::Stopwatch evaluation;
  for (const auto& record : records) assessments += vuln::assess(record.advisory, set, dictionary).size();
  report.figure("assessments of a component by a record", double(assessments) / evaluation.seconds(), "1/s",
                bench::at_least(10'000));
  return 0;
}
