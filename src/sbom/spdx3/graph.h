// The elements of one SPDX 3 JSON-LD document, as far as the document model needs them. Views into the JSON text.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sbom/ondemand.h"

namespace hf::sbom::spdx3 {

using View = std::string_view;

struct Span {  // a run in one of the graph's shared lists
  std::uint32_t first = 0, count = 0;
};

struct Identifier {
  View type, value;
};
struct Checksum {
  View algorithm, value;
};

// software_Package and its subclasses, software_File.
struct Artifact {
  View type, id, name, version, purl, location, purpose, supplier, originator, source_info;
  Span identifiers, checksums, repositories, content_ids;
};
struct Relation {
  View type, id, kind, from, scope;
  Span to;
};
// security_Vex*VulnAssessmentRelationship: what it adds to its Relation.
struct Assessment {
  std::uint32_t relation = 0;
  View justification, impact, notes, action, supplier, assessed, withdrawn;
};
struct Vulnerability {
  View id, name;
  Span identifiers;
};
struct License {
  View type, id, name, expression, subject, addition;
  Span members;
};
struct Collection {  // SpdxDocument, software_Sbom, Bom, Bundle
  View type, id, name, creation_info;
  Span roots;
};
struct Named {  // agents, tools, builds
  View type, id, name, build_type;
};
struct Creation {
  View id, created;
};

struct Graph {
  std::vector<Artifact> packages, files;
  std::vector<Relation> relations;
  std::vector<Assessment> assessments;
  std::vector<Vulnerability> vulnerabilities;
  std::vector<License> licenses;
  std::vector<Collection> collections;
  std::vector<Named> agents, builds;
  std::vector<Creation> creations;
  std::vector<View> refs;  // targets, roots, members, repositories, content ids
  std::vector<Identifier> identifiers;
  std::vector<Checksum> checksums;

  template <class T>
  static std::span<const T> in(const std::vector<T>& list, Span span) {
    return {list.data() + span.first, span.count};
  }
};

// Reads a document or a single element. An element written in place of its IRI is read like one of the graph, with a
// made-up blank node name when it has none.
[[nodiscard]] Graph read_graph(json::od::value root, TextArena& text);

}  // namespace hf::sbom::spdx3
