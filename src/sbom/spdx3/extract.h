// SPDX 3.0.1 JSON-LD (https://spdx.github.io/spdx-spec/v3.0.1/), as Yocto writes it and beyond; after validation.
#pragma once

#include "sbom/ondemand.h"
#include "sbom/types.h"

namespace hf::sbom::spdx3 {

// Fills everything but format and spec_version. Components are the packages (software_Package, ai_AIPackage,
// dataset_DatasetPackage); relationships become edges, files, licences, builds and VEX statements.
void extract(json::od::value root, Document& document);

}  // namespace hf::sbom::spdx3
