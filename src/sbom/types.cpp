#include "sbom/types.h"

#include <algorithm>

namespace hf::sbom {

std::string_view name_of(Format format) { return format == Format::cyclonedx ? "CycloneDX" : "SPDX"; }

std::string_view name_of(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::depends_on: return "depends_on";
    case EdgeKind::contains: return "contains";
    case EdgeKind::generated_from: return "generated_from";
    case EdgeKind::build_depends_on: return "build_depends_on";
    case EdgeKind::other: return "other";
  }
  return {};
}

std::string_view name_of(VexStatus status) {
  switch (status) {
    case VexStatus::not_affected: return "not_affected";
    case VexStatus::affected: return "affected";
    case VexStatus::fixed: return "fixed";
    case VexStatus::under_investigation: return "under_investigation";
    case VexStatus::unknown: return "unknown";
  }
  return {};
}

bool Component::unidentified() const {
  const auto has_commit = [](const Vcs& place) { return !place.commit.empty(); };
  return purl.empty() && cpes.empty() && hashes.empty() && vendor_parts.empty() && content_ids.empty() &&
         std::none_of(vcs.begin(), vcs.end(), has_commit);
}

std::vector<std::string_view> Document::unidentified() const {
  std::vector<std::string_view> refs;
  for (const auto& component : components)
    if (component.unidentified()) refs.push_back(component.ref);
  return refs;
}

}  // namespace hf::sbom
