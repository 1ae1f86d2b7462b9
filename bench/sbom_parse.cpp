// From bytes in memory to a Document: check of every rule, then extraction. One JSON line for each case.
//   sbom_parse [FILE...]      the given files, then a generated CycloneDX document
// HF_BENCH_SBOM_MB sets the size of the generated document (256).
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "sbom/parse.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// The parser is one thread: on a shared machine its processor time says more than the clock on the wall.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

// Components as build tools write them: about 600 bytes each, every tenth without an identity, one dependency each.
std::string generated(std::size_t bytes) {
  std::string text = R"({"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[)";
  text.reserve(bytes + 4096);
  std::size_t count = 0;
  for (; text.size() < bytes * 9 / 10; ++count) {
    const auto n = std::to_string(count);
    if (count) text += ",\n";
    text += R"({"type":"library","bom-ref":"component-)" + n + R"(","group":"org.example.group)" + std::to_string(count % 97) +
            R"(","name":"component-)" + n + R"(","version":"1.)" + n + R"(.0","description":"A component that a build tool found, number )" + n +
            R"(","supplier":{"name":"Example Supplier GmbH","url":["https://www.example.com/)" + n + R"("]})";
    if (count % 10) {
      char digest[65];
      std::snprintf(digest, sizeof digest, "%064zx", count * 2654435761U);
      text += R"(,"purl":"pkg:generic/org.example/component-)" + n + "@1." + n + R"(.0","cpe":"cpe:2.3:a:example:component_)" + n + ":1." + n +
              R"(.0:*:*:*:*:*:*:*","hashes":[{"alg":"SHA-256","content":")" + digest + R"("}])";
    }
    text += R"(,"licenses":[{"license":{"id":"Apache-2.0"}}],"externalReferences":[{"type":"vcs","url":"git+https://example.com/r/)" + n +
            R"(.git"}],"properties":[{"name":"build:path","value":"/work/src/component-)" + n + R"("}]})";
  }
  text += R"(],"dependencies":[)";
  for (std::size_t i = 0; i < count; ++i)
    text += std::string(i ? "," : "") + R"({"ref":"component-)" + std::to_string(i) + R"(","dependsOn":["component-)" +
            std::to_string((i * 7919 + 1) % count) + R"("]})";
  return text + "]}";
}

bool measure(const std::string& name, std::string bytes) {
  const auto size = bytes.size();
  const hf::sbom::Text text(std::move(bytes));
  // Small documents are repeated until there is something to measure.
  const auto rounds = std::max<std::size_t>(1, (std::size_t{64} << 20) / (size + 1));
  std::size_t components = 0;
  const auto start = Clock::now();
  const auto cpu_start = cpu_seconds();
  for (std::size_t i = 0; i < rounds; ++i) {
    const auto document = hf::sbom::parse(text);
    if (!document) {
      std::fprintf(stderr, "%s: %s\n", name.c_str(), document.error().message.c_str());
      return false;
    }
    components = document->components.size();
  }
  const auto seconds = seconds_since(start) / static_cast<double>(rounds);
  const auto cpu = (cpu_seconds() - cpu_start) / static_cast<double>(rounds);
  std::printf(R"({"bench":"sbom_parse","case":"%s","mb_per_s":%.1f,"bytes":%zu,"seconds":%.6f,"cpu_seconds":%.6f,"mb_per_cpu_s":%.1f,"components":%zu,"peak_rss_mb":%.1f})"
              "\n",
              name.c_str(), static_cast<double>(size) / 1e6 / seconds, size, seconds, cpu, static_cast<double>(size) / 1e6 / cpu, components,
              peak_rss_mb());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  bool ok = true;
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    ok = measure(std::filesystem::path(argv[i]).filename(), std::string(std::istreambuf_iterator<char>(file), {})) && ok;
  }
  const char* mb = std::getenv("HF_BENCH_SBOM_MB");
  ok = measure("cyclonedx-generated", generated((mb ? std::strtoull(mb, nullptr, 10) : 256) * 1000000)) && ok;
  return ok ? 0 : 1;
}
