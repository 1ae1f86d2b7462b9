// OSV schema 1.7 (ossf/osv-schema), one record a document. Ranges SEMVER, ECOSYSTEM and GIT; versions; withdrawn.
#pragma once

#include <string>
#include <string_view>

#include "vuln/feeds/advisory.h"
#include "vuln/feeds/json_reader.h"

namespace hf::vuln {

[[nodiscard]] bool is_osv(JsonView root);

// HF-VULN-0003 no id, 0002 over a limit.
[[nodiscard]] Result<Advisory> read_osv(JsonView root, const FeedLimits& limits);

// The purl package key and order of an ecosystem's package: ("Go", "github.com/a/b") is "pkg:golang/github.com/a/b".
// An empty key where the ecosystem has no purl type; its `Debian:12` suffix is a release, not a part of the package.
struct EcosystemPackage {
  std::string purl;
  Scheme scheme = Scheme::generic;
};
[[nodiscard]] EcosystemPackage package_of_ecosystem(std::string_view ecosystem, std::string_view name);

}  // namespace hf::vuln
