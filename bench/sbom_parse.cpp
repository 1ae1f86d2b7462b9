// From bytes in memory to a Document: the check of every rule and the extraction. One thread.
//   bench_sbom_parse [FILE...]   documents, folders or archives; else those of tests/data/sbom
// HF_BENCH_SBOM_MB sets the size of the generated CycloneDX document (256).
#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <string>

#include "archive/reader.h"
#include "sbom/parse.h"
#include "support/bench.h"

namespace {

using hf::bench::at_least;
using hf::bench::at_most;
using hf::bench::must;

// Components as build tools write them: about 600 bytes each, every tenth without an identity, one dependency each.
std::string generated(std::size_t bytes) {
  std::string text = R"({"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[)";
  text.reserve(bytes + 4096);
  std::size_t count = 0;
  for (; text.size() < bytes * 23 / 25; ++count) {
    const auto n = std::to_string(count);
    if (count) text += ",\n";
    text += R"({"type":"library","bom-ref":"component-)" + n + R"(","group":"org.example.group)" +
            std::to_string(count % 97) + R"(","name":"component-)" + n + R"(","version":"1.)" + n +
            R"(.0","description":"A component that a build tool found, number )" + n +
            R"(","supplier":{"name":"Example Supplier GmbH","url":["https://www.example.com/)" + n + R"("]})";
    if (count % 10) {
      char digest[65];
      std::snprintf(digest, sizeof digest, "%064zx", count * 2654435761U);
      text += R"(,"purl":"pkg:generic/org.example/component-)" + n + "@1." + n +
              R"(.0","cpe":"cpe:2.3:a:example:component_)" + n + ":1." + n +
              R"(.0:*:*:*:*:*:*:*","hashes":[{"alg":"SHA-256","content":")" + digest + R"("}])";
    }
    text +=
        R"(,"licenses":[{"license":{"id":"Apache-2.0"}}],"externalReferences":[{"type":"vcs","url":"git+https://example.com/r/)" +
        n + R"(.git"}],"properties":[{"name":"build:path","value":"src/component-)" + n + R"("}]})";
  }
  text += R"(],"dependencies":[)";
  for (std::size_t i = 0; i < count; ++i)
    text += std::string(i ? "," : "") + R"({"ref":"component-)" + std::to_string(i) + R"(","dependsOn":["component-)" +
            std::to_string((i * 7919 + 1) % count) + R"("]})";
  text += "]}";
  return text;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

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

  const char* mb = std::getenv("HF_BENCH_SBOM_MB");
  const hf::sbom::Text text(generated((mb ? std::strtoull(mb, nullptr, 10) : 256) * 1000000));
  const auto before = peak_rss_mb();
  Sum sum;
  sum.read(text);
  const auto name = "generated CycloneDX 1.6 of " + std::to_string(text.view().size() / 1000000) + " MB, " +
                    std::to_string(sum.components) + " components";
  report.figure(name, sum.mb() / sum.wall, "MB/s", at_least(200));
  report.figure(name + ", of processor time", sum.mb() / sum.cpu, "MB/s");
  report.figure(name, sum.wall, "s", at_most(10));
  report.figure(name + ", memory beside the text", peak_rss_mb() - before, "MB", at_most(1000));
  return 0;
}
