// SPDX 2.3 clause 11.1: the relationship types that say what a build consists of, and in which direction they read.
#pragma once

#include <optional>

#include "sbom/types.h"

namespace hf::sbom::spdx2 {

enum class Meaning { edge, describes };
struct Relationship {
  Meaning meaning = Meaning::edge;
  EdgeKind kind = EdgeKind::other;
  bool reversed = false;  // the sentence of the kind reads from relatedSpdxElement to spdxElementId
};

// `other` for a type that says nothing about what a build consists of.
[[nodiscard]] Relationship meaning_of(std::string_view type);

}  // namespace hf::sbom::spdx2
