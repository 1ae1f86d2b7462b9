#include "sbom/spdx3/licenses.h"

namespace hf::sbom::spdx3 {
namespace {

constexpr int kDepthMax = 16;           // AND and OR sets inside each other
constexpr std::size_t kTextMax = 4096;  // a set that names itself cannot grow without end

// The licence list is not in the document: "https://spdx.org/licenses/MIT" names MIT (SPDX 3.0.1, ListedLicense).
View listed(View iri) {
  for (const View prefix : {View("https://spdx.org/licenses/"), View("http://spdx.org/licenses/")})
    if (iri.starts_with(prefix)) return iri.substr(prefix.size());
  return {};
}

}  // namespace

Licenses::Licenses(const Graph& graph, TextArena& text) : graph_(graph), text_(text) {
  for (std::uint32_t i = 0; i < graph.licenses.size(); ++i) by_id_.emplace(graph.licenses[i].id, i);
}

std::optional<sbom::License> Licenses::find(View id) {
  if (const auto at = made_.find(id); at != made_.end())
    return at->second.value.empty() ? std::nullopt : std::optional(at->second);
  sbom::License made;
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) {
    made = {LicenseKind::id, text_.keep(listed(id))};
  } else {
    const auto& element = graph_.licenses[at->second];
    const bool plain =
        element.type == "simplelicensing_SimpleLicensingText" || element.type == "expandedlicensing_CustomLicense";
    if (element.type == "expandedlicensing_ListedLicense" && !listed(id).empty())
      made = {LicenseKind::id, text_.keep(listed(id))};
    else if (plain) made = {LicenseKind::name, text_.keep(element.name)};
    else made = {LicenseKind::expression, text_.keep(expression(id, 0))};
  }
  if (made.value == "NOASSERTION" || made.value == "NONE") made.value = {};
  made_.emplace(id, made);
  return made.value.empty() ? std::nullopt : std::optional(made);
}

std::string Licenses::expression(View id, int depth) const {
  if (depth > kDepthMax) return {};
  const auto at = by_id_.find(id);
  if (at == by_id_.end()) return std::string(listed(id));
  const auto& element = graph_.licenses[at->second];
  if (!element.expression.empty()) return std::string(element.expression);
  const bool all = element.type == "expandedlicensing_ConjunctiveLicenseSet";
  if (all || element.type == "expandedlicensing_DisjunctiveLicenseSet") {
    std::string joined;
    for (const auto member : Graph::in(graph_.refs, element.members)) {
      auto part = expression(member, depth + 1);
      if (part.empty()) continue;
      if (joined.size() + part.size() > kTextMax) return {};
      if (part.find(' ') != std::string::npos) part = "(" + part + ")";
      joined += (joined.empty() ? "" : all ? " AND " : " OR ") + part;
    }
    return joined;
  }
  if (element.type == "expandedlicensing_OrLaterOperator") {
    const auto subject = expression(element.subject, depth + 1);
    return subject.empty() ? subject : subject + "+";
  }
  if (element.type == "expandedlicensing_WithAdditionOperator") {
    const auto subject = expression(element.subject, depth + 1), addition = expression(element.addition, depth + 1);
    return subject.empty() || addition.empty() ? subject : subject + " WITH " + addition;
  }
  if (element.type == "expandedlicensing_NoAssertionLicense" || element.type == "expandedlicensing_NoneLicense")
    return {};
  if (const auto name = listed(id); !name.empty()) return std::string(name);
  return std::string(element.name);
}

}  // namespace hf::sbom::spdx3
