// A large CycloneDX document, and the memory of the process.
#pragma once

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace hf::bench {

// Components as build tools write them: about 600 bytes each, every tenth without an identity, one dependency each.
// HF_BENCH_SBOM_MB sets its size (256).
inline std::string generated_sbom() {
  const char* const mb = std::getenv("HF_BENCH_SBOM_MB");
  const std::size_t bytes = (mb ? std::strtoull(mb, nullptr, 10) : 256) * 1000000;
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

inline double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

}  // namespace hf::bench
