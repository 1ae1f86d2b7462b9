// Licence elements of an SPDX 3 graph as texts.
#pragma once

#include <string>
#include <unordered_map>

#include "sbom/digest.h"
#include "sbom/spdx3/graph.h"
#include "sbom/types.h"

namespace hf::sbom::spdx3 {

class Licenses {
 public:
  Licenses(const Graph& graph, TextArena& text);

  // Nothing for NoAssertionLicense, NoneLicense and for an IRI that the document does not explain.
  [[nodiscard]] std::optional<sbom::License> find(View id);

 private:
  std::string expression(View id, int depth) const;

  const Graph& graph_;
  TextArena& text_;
  std::unordered_map<View, std::uint32_t, DigestHash> by_id_;
  std::unordered_map<View, sbom::License, DigestHash> made_;  // each text once, however many files carry it
};

}  // namespace hf::sbom::spdx3
