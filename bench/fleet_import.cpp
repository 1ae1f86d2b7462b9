// `holdfast fleet import` of one file of units, NDJSON, with certificate and key fingerprints, evidence included.
//   bench_fleet_import [units]
#include <fstream>

#include "catalog/service.h"
#include "crypto/sha256.h"
#include "fleet/service.h"
#include "support/bench.h"

namespace {

using namespace hf;

const SystemClock kClock;
const ledger::Actor kActor{"bench:fleet", "factory"};
constexpr int kBatches = 40;
constexpr std::string_view kMarkets[] = {"DE", "FR", "IT", "ES", "PL", "NL", "BE", "AT", "CZ", "SE", "PT", "IE", "FI"};

void add(db::Database& database, std::string_view entity, const std::string& json) {
  const auto record = bench::must(parse_json(json));
  bench::must(ledger::write(database, kClock, kActor, [&](ledger::Transaction& transaction) {
    return catalog::create(transaction, *catalog::find_entity(entity), record.get_object());
  }));
}

void catalogue(db::Database& database, std::size_t units) {
  add(database, "manufacturer", R"({"code":"acme","name":"ACME","country":"DE"})");
  add(database, "product", R"({"code":"px","manufacturer":"acme","name":"PX","product_class":"default"})");
  add(database, "hardware_revision", R"({"product":"px","code":"rev-a","name":"Rev A"})");
  for (const std::string module : {"boot", "fw", "radio"}) {
    add(database, "module", R"({"product":"px","code":")" + module + R"(","name":"M","kind":"firmware"})");
    for (int version = 0; version < 5; ++version)
      add(database, "build", R"({"module":"px/)" + module + R"(","version":"1.)" + std::to_string(version) + "\"}");
  }
  for (int batch = 0; batch < kBatches; ++batch)
    add(database, "batch",
        R"({"product":"px","code":"b)" + std::to_string(batch) +
            R"(","hardware_revision":"px/rev-a","name":"B","factory":"F","authorised_quantity":)" +
            std::to_string(units) + "}");
}

void write_file(const std::string& path, std::size_t units) {
  std::ofstream out(path, std::ios::binary);
  const auto digest = [](char kind, std::size_t unit) {
    return to_hex(crypto::sha256({bytes_of(kind + std::to_string(unit))}));
  };
  for (std::size_t i = 0; i < units; ++i)
    out << R"({"batch":"px/b)" << i * kBatches / units << R"(","serial":"PX-)" << 10'000'000 + i << R"(","market":")"
        << kMarkets[i % std::size(kMarkets)] << R"(","builds":["px/boot/1.)" << i % 2 << R"(","px/fw/1.)" << i / 7 % 5
        << R"(","px/radio/1.)" << i % 3 << R"("],"certificate_sha256":")" << digest('c', i) << R"(","key_sha256":")"
        << digest('k', i) << "\"}\n";
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t units = count > 1 ? std::stoul(arguments[1]) : 1'000'000;
  bench::Report report("fleet_import");
  bench::on_both_engines(report, [&](db::Database& database, const std::string& directory) {
    catalogue(database, units);
    const auto path = directory + "/units.ndjson";
    write_file(path, units);
    {
      std::ifstream in(path, std::ios::binary);
      fleet::ImportReader reader(in);
      const bench::Stopwatch watch;
      std::size_t read = 0;
      while (reader.next()) ++read;
      report.figure("reading alone", double(read) / watch.seconds(), "units/s");
    }
    std::ifstream in(path, std::ios::binary);
    fleet::ImportReader reader(in);
    fleet::Importer importer(database, kClock, kActor);
    const bench::Stopwatch watch;
    while (auto record = reader.next()) bench::must(importer.add(std::move(*record)));
    const auto summary = bench::must(importer.finish());
    const auto seconds = watch.seconds();
    if (summary.imported != units) std::exit(1);
    const auto name = std::to_string(units) + " units with certificate and key fingerprints, evidence included";
    if (units == 1'000'000) report.figure(name, seconds, "s", bench::at_most(60));
    else report.figure(name, seconds, "s");
    report.figure("import", double(units) / seconds, "units/s");
  });
}
