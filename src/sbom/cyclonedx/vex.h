// CycloneDX vulnerabilities[] (since 1.4) as VEX statements.
#pragma once

#include "sbom/ondemand.h"
#include "sbom/types.h"

namespace hf::sbom::cyclonedx {

// analysis.state to a status; `unknown` for a vulnerability listed without analysis:
//   resolved, resolved_with_pedigree -> fixed           exploitable -> affected
//   false_positive, not_affected     -> not_affected    in_triage   -> under_investigation
[[nodiscard]] VexStatus status_of(std::string_view state);
[[nodiscard]] VexStatement vex_statement(json::od::value vulnerability, TextArena& text);

}  // namespace hf::sbom::cyclonedx
