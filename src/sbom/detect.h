// Which format and version a JSON text claims to be. Inside this folder only.
#pragma once

#include "base/error.h"
#include "sbom/ondemand.h"
#include "sbom/types.h"

namespace hf::sbom {

enum class Dialect { cyclonedx, spdx2, spdx3 };

struct Claimed {
  Dialect dialect = Dialect::cyclonedx;
  std::string_view version;  // "1.2" .. "1.6", "2.2", "2.3", "3.0.1": static text
};

// CycloneDX: bomFormat and specVersion. SPDX 2: spdxVersion. SPDX 3: the fixed @context, which carries the version; any
// other context would give the same words another meaning (SPDX 3.0.1, 6.1 and Annex "serialization in JSON-LD").
// HF-SBOM-0002, 0003, 0004. Leaves the document rewound.
[[nodiscard]] Result<Claimed> detect(json::od::document& document);

}  // namespace hf::sbom
