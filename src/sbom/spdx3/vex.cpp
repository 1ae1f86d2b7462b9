#include "sbom/spdx3/vex.h"

#include <set>
#include <string>
#include <unordered_map>

#include "sbom/digest.h"

namespace hf::sbom::spdx3 {
namespace {

VexStatus status_of(View type) {
  if (type == "security_VexFixedVulnAssessmentRelationship") return VexStatus::fixed;
  if (type == "security_VexNotAffectedVulnAssessmentRelationship") return VexStatus::not_affected;
  if (type == "security_VexAffectedVulnAssessmentRelationship") return VexStatus::affected;
  if (type == "security_VexUnderInvestigationVulnAssessmentRelationship") return VexStatus::under_investigation;
  return VexStatus::unknown;
}

class Vex {
 public:
  Vex(const Graph& graph, Document& document, const std::function<View(View)>& ref)
      : graph_(graph), doc_(document), text_(document.text), ref_(ref) {
    for (const auto& v : graph.vulnerabilities) vulnerabilities_.emplace(v.id, &v);
    for (const auto& agent : graph.agents) agents_.emplace(agent.id, agent.name);
  }

  void run() {
    for (const auto& assessment : graph_.assessments) assess(assessment);
    for (const auto& relation : graph_.relations)
      if (relation.kind == "hasAssociatedVulnerability") associate(relation);
  }

 private:
  // The CVE number where there is one; else the first identifier, else the name, else the IRI itself.
  void name(View id, VexStatement& statement) {
    const auto at = vulnerabilities_.find(id);
    if (at == vulnerabilities_.end()) {
      statement.vulnerability = last_segment(ref_(id));
      return;
    }
    const auto& v = *at->second;
    View chosen;
    const auto identifiers = Graph::in(graph_.identifiers, v.identifiers);
    for (const auto& identifier : identifiers)
      if (chosen.empty() && identifier.type == "cve") chosen = identifier.value;
    if (chosen.empty() && !identifiers.empty()) chosen = identifiers.front().value;
    if (chosen.empty()) chosen = v.name;
    statement.vulnerability = chosen.empty() ? last_segment(ref_(id)) : text_.keep(chosen);
    for (const auto& identifier : identifiers)
      if (identifier.value != chosen && (identifier.type == "cve" || identifier.type == "securityOther"))
        statement.aliases.push_back(text_.keep(identifier.value));
  }

  static View last_segment(View iri) {
    const auto slash = iri.find_last_of("/#");
    return slash == View::npos ? iri : iri.substr(slash + 1);
  }

  void assess(const Assessment& assessment) {
    const auto& relation = graph_.relations[assessment.relation];
    VexStatement statement;
    name(relation.from, statement);
    if (!assessment.withdrawn.empty()) {
      doc_.warnings.push_back({"", "HF-SBOM-0112",
                               "the statement on " + std::string(statement.vulnerability) + " was withdrawn " +
                                   std::string(assessment.withdrawn) + " and is left out"});
      return;
    }
    statement.status = status_of(relation.type);
    statement.state = text_.keep(relation.kind);
    statement.justification = text_.keep(assessment.justification);
    statement.impact = text_.keep(assessment.impact.empty() ? assessment.notes : assessment.impact);
    statement.action = text_.keep(assessment.action);
    if (const auto agent = agents_.find(assessment.supplier); agent != agents_.end())
      statement.source = text_.keep(agent->second);
    const auto targets = Graph::in(graph_.refs, relation.to);
    for (const auto target : targets) {
      statement.products.push_back({ref_(target), {}, {}, {}});
      assessed_.emplace(relation.from, target);
    }
    // The element inside the product that was looked at, when it is another one (VulnAssessmentRelationship).
    if (!assessment.assessed.empty()) {
      statement.products.push_back({ref_(assessment.assessed), {}, {}, {}});
      assessed_.emplace(relation.from, assessment.assessed);
    }
    doc_.vex.push_back(std::move(statement));
  }

  void associate(const Relation& relation) {
    for (const auto vulnerability : Graph::in(graph_.refs, relation.to)) {
      if (assessed_.contains({vulnerability, relation.from})) continue;
      VexStatement statement;
      name(vulnerability, statement);
      statement.state = "hasAssociatedVulnerability";
      statement.products.push_back({ref_(relation.from), {}, {}, {}});
      doc_.vex.push_back(std::move(statement));
    }
  }

  const Graph& graph_;
  Document& doc_;
  TextArena& text_;
  const std::function<View(View)>& ref_;
  std::unordered_map<View, const Vulnerability*, DigestHash> vulnerabilities_;
  std::unordered_map<View, View, DigestHash> agents_;
  std::set<std::pair<View, View>> assessed_;
};

}  // namespace

void add_vex(const Graph& graph, Document& document, const std::function<View(View)>& ref) {
  Vex(graph, document, ref).run();
}

}  // namespace hf::sbom::spdx3
