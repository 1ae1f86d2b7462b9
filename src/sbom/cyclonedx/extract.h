// CycloneDX JSON 1.2 to 1.6 (https://cyclonedx.org/docs/1.6/json/), after validation.
#pragma once

#include "sbom/ondemand.h"
#include "sbom/types.h"

namespace hf::sbom::cyclonedx {

// Fills everything but format and spec_version. Nested components are flattened in document order with a `contains`
// edge from their parent; metadata.tools are not components of the product.
void extract(json::od::value root, Document& document);

}  // namespace hf::sbom::cyclonedx
