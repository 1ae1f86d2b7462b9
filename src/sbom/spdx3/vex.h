// SPDX 3 security profile: security_Vex*VulnAssessmentRelationship as VEX statements.
#pragma once

#include <functional>

#include "sbom/spdx3/graph.h"
#include "sbom/types.h"

namespace hf::sbom::spdx3 {

// VexFixed (fixedIn) -> fixed                VexNotAffected (doesNotAffect) -> not_affected
// VexAffected (affects) -> affected          VexUnderInvestigation (underInvestigationFor) -> under_investigation
// A vulnerability that a package only has associated (hasAssociatedVulnerability) and nobody assessed for it ->
// unknown. A withdrawn statement is left out and named in a warning. `ref` gives the document's own copy of an
// identifier.
void add_vex(const Graph& graph, Document& document, const std::function<View(View)>& ref);

}  // namespace hf::sbom::spdx3
