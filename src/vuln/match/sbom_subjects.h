// The components of an SBOM as subjects for matching, with what the document itself says about vulnerabilities.
#pragma once

#include <string>
#include <vector>

#include "sbom/types.h"
#include "vuln/match/evaluate.h"

namespace hf::vuln {

struct SbomSubjects {
  std::vector<Subject> subjects;     // document order; a CycloneDX subject that can be looked up comes last
  std::vector<VexClaim> vex;         // about components of this document
  std::vector<std::string> refused;  // claims that could not be read: "text: why"
  std::size_t vex_elsewhere = 0;     // assessments of products that are not in the document
};

[[nodiscard]] SbomSubjects subjects_of(const sbom::Document& document);

}  // namespace hf::vuln
