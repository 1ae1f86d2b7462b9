// From bytes in memory to a Document: the check of every rule and the extraction. One thread.
//   bench_sbom_parse [FILE...]   documents, folders or archives; else those of tests/data/sbom
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string>

#include "archive/reader.h"
#include "sbom/parse.h"
#include "support/bench.h"
#include "support/sbom_document.h"

namespace {

using hf::bench::at_least;
using hf::bench::at_most;
using hf::bench::must;

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

struct Sum {
  double bytes = 0, wall = 0, cpu = 0;
  std::size_t documents = 0, components = 0;

  void read(const hf::sbom::Text& text) {
    const hf::bench::Stopwatch watch;
    const auto cpu_before = cpu_seconds();
    const auto document = must(hf::sbom::parse(text));
    cpu += cpu_seconds() - cpu_before;
    wall += watch.seconds();
    bytes += static_cast<double>(text.view().size());
    components += document.components.size();
    ++documents;
  }
  [[nodiscard]] double mb() const { return bytes / 1e6; }
};

// Every valid document of the source, again and again until there is something to measure.
void measure(const hf::bench::Report& report, const std::filesystem::path& source) {
  std::vector<hf::sbom::Text> texts;
  (void)must(hf::archive::for_each_document(source, {}, [&](const hf::archive::Document& document) -> hf::Result<bool> {
    auto text = hf::sbom::Text::copy_of(hf::bytes_of(document.bytes));
    if (hf::sbom::validate(text).empty()) texts.push_back(std::move(text));
    return true;
  }));
  Sum sum;
  for (int round = 0; round < 1000 && sum.wall < 1; ++round)
    for (const auto& text : texts) sum.read(text);
  const auto name = source.filename().string() + ", " + std::to_string(texts.size()) +
                    (texts.size() == 1 ? " document" : " documents");
  report.figure(name, sum.mb() / sum.wall, "MB/s", at_least(200));
  report.figure(name + ", of processor time", sum.mb() / sum.cpu, "MB/s");
}

}  // namespace

int main(int argc, char** argv) {
  const hf::bench::Report report("sbom_parse");
  for (int i = 1; i < argc; ++i) measure(report, argv[i]);
  if (argc == 1)
    for (const char* name : {"yocto-core-image-minimal-qemux86-64.rootfs.spdx3.json.zst", "spdx-examples.tar.zst",
                             "cyclonedx-suite.tar.zst"})
      measure(report, std::filesystem::path("tests/data/sbom") / name);

  const hf::sbom::Text text(hf::bench::generated_sbom());
  const auto before = hf::bench::peak_rss_mb();
  Sum sum;
  sum.read(text);
  const auto name = "generated CycloneDX 1.6 of " + std::to_string(text.view().size() / 1000000) + " MB, " +
                    std::to_string(sum.components) + " components";
  report.figure(name, sum.mb() / sum.wall, "MB/s", at_least(200));
  report.figure(name + ", of processor time", sum.mb() / sum.cpu, "MB/s");
  report.figure(name, sum.wall, "s", at_most(10));
  report.figure(name + ", memory beside the text", hf::bench::peak_rss_mb() - before, "MB", at_most(1000));
  return 0;
}
