#include "sbom/spdx2/relationships.h"

#include <algorithm>
#include <array>

namespace hf::sbom::spdx2 {
namespace {

struct Row {
  std::string_view type;
  Relationship relationship;
};

constexpr auto kEdge = Meaning::edge;
constexpr std::array kRows{
    Row{"DESCRIBES", {Meaning::describes, EdgeKind::other, false}},
    Row{"DESCRIBED_BY", {Meaning::describes, EdgeKind::other, true}},
    Row{"CONTAINS", {kEdge, EdgeKind::contains, false}},
    Row{"CONTAINED_BY", {kEdge, EdgeKind::contains, true}},
    Row{"PACKAGE_OF", {kEdge, EdgeKind::contains, true}},
    Row{"OPTIONAL_COMPONENT_OF", {kEdge, EdgeKind::contains, true}},
    Row{"DEPENDS_ON", {kEdge, EdgeKind::depends_on, false}},
    Row{"DEPENDENCY_OF", {kEdge, EdgeKind::depends_on, true}},
    Row{"RUNTIME_DEPENDENCY_OF", {kEdge, EdgeKind::depends_on, true}},
    Row{"OPTIONAL_DEPENDENCY_OF", {kEdge, EdgeKind::depends_on, true}},
    Row{"PROVIDED_DEPENDENCY_OF", {kEdge, EdgeKind::depends_on, true}},
    Row{"HAS_PREREQUISITE", {kEdge, EdgeKind::depends_on, false}},
    Row{"PREREQUISITE_FOR", {kEdge, EdgeKind::depends_on, true}},
    Row{"STATIC_LINK", {kEdge, EdgeKind::depends_on, false}},
    Row{"DYNAMIC_LINK", {kEdge, EdgeKind::depends_on, false}},
    Row{"BUILD_DEPENDENCY_OF", {kEdge, EdgeKind::build_depends_on, true}},
    Row{"DEV_DEPENDENCY_OF", {kEdge, EdgeKind::build_depends_on, true}},
    Row{"TEST_DEPENDENCY_OF", {kEdge, EdgeKind::build_depends_on, true}},
    Row{"BUILD_TOOL_OF", {kEdge, EdgeKind::build_depends_on, true}},
    Row{"DEV_TOOL_OF", {kEdge, EdgeKind::build_depends_on, true}},
    Row{"TEST_TOOL_OF", {kEdge, EdgeKind::build_depends_on, true}},
    Row{"GENERATED_FROM", {kEdge, EdgeKind::generated_from, false}},
    Row{"GENERATES", {kEdge, EdgeKind::generated_from, true}},
    Row{"EXPANDED_FROM_ARCHIVE", {kEdge, EdgeKind::generated_from, false}},
    Row{"DESCENDANT_OF", {kEdge, EdgeKind::generated_from, false}},
    Row{"ANCESTOR_OF", {kEdge, EdgeKind::generated_from, true}},
};

}  // namespace

Relationship meaning_of(std::string_view type) {
  const auto at = std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.type == type; });
  return at == kRows.end() ? Relationship{} : at->relationship;
}

}  // namespace hf::sbom::spdx2
