// SPDX 2.2 and 2.3 JSON (https://spdx.github.io/spdx-spec/v2.3/), after validation.
#pragma once

#include "sbom/ondemand.h"
#include "sbom/types.h"

namespace hf::sbom::spdx2 {

enum class Refs {
  local,      // "SPDXRef-a", "DocumentRef-b:SPDXRef-c" as written
  qualified,  // "namespace#SPDXRef-a": documents that refer to each other can be joined
};

// Adds to the document, so that one document can be filled from many. Components are the packages.
void extract(json::od::value root, Document& document, Refs refs);

}  // namespace hf::sbom::spdx2
