// A large SBOM given to a build: bytes to components, their coordinates and look-up keys, the build's contents and the
// evidence, in one durable transaction. None of the components is known before.
#include "catalog/service.h"
#include "portfolio/sbom_service.h"
#include "support/bench.h"
#include "support/sbom_document.h"

namespace {

using namespace hf;

const SystemClock kClock;
const ledger::Actor kActor{"bench:sbom", "release_engineer"};

void add(db::Database& database, std::string_view entity, const std::string& json) {
  const auto record = bench::must(parse_json(json));
  bench::must(ledger::write(database, kClock, kActor, [&](ledger::Transaction& transaction) {
    return catalog::create(transaction, *catalog::find_entity(entity), record.get_object());
  }));
}

}  // namespace

int main() {
  bench::Report report("sbom_ingest");
  const auto text = bench::generated_sbom();
  bench::on_both_engines(report, [&](db::Database& database, const std::string& directory) {
    add(database, "manufacturer", R"({"code":"acme","name":"ACME","country":"DE"})");
    add(database, "product", R"({"code":"px","manufacturer":"acme","name":"PX","product_class":"default"})");
    add(database, "module", R"({"product":"px","code":"fw","name":"M","kind":"firmware"})");
    add(database, "build", R"({"module":"px/fw","version":"1.0"})");
    blob::FileStore blobs(directory + "/blobs");
    const auto before = bench::peak_rss_mb();
    const bench::Stopwatch watch;
    const auto receipt =
        bench::must(portfolio::receive_sbom(database, blobs, kClock, kActor, "px/fw/1.0", bytes_of(text)));
    const auto seconds = watch.seconds();
    const auto name = "CycloneDX 1.6 of " + std::to_string(text.size() / 1000000) + " MB, " +
                      std::to_string(receipt.components) + " new components";
    report.figure(name, seconds, "s", bench::at_most(10));
    report.figure("memory beside the text", bench::peak_rss_mb() - before, "MB", bench::at_most(1000));
    report.figure("components", double(receipt.components) / seconds, "components/s");
  });
}
