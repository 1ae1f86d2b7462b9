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

// The same one by one: the claims of a large document take ten times its size. The document outlives it.
class SubjectReader {
 public:
  explicit SubjectReader(const sbom::Document& document);

  [[nodiscard]] std::size_t size() const { return components_.size(); }
  [[nodiscard]] Subject subject(std::size_t index, std::vector<std::string>& refused) const;
  [[nodiscard]] std::string_view ref(std::size_t index) const { return components_[index]->ref; }
  [[nodiscard]] std::vector<VexClaim> vex(std::size_t& elsewhere) const;

 private:
  const sbom::Document& document_;
  std::vector<const sbom::Component*> components_;
};

}  // namespace hf::vuln
