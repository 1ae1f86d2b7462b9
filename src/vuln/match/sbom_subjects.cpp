#include "vuln/match/sbom_subjects.h"

#include <map>
#include <optional>

#include "vuln/version/vers.h"

namespace hf::vuln {
namespace {

Subject subject_of(const sbom::Component& component, std::vector<std::string>& refused) {
  Subject subject;
  subject.ref = std::string(component.ref);
  subject.name = std::string(component.name);
  subject.version = std::string(component.version);
  ClaimTexts texts;
  texts.name = component.name;
  texts.version = component.version;
  if (!component.purl.empty()) texts.purls.push_back(component.purl);
  texts.purls.insert(texts.purls.end(), component.more_purls.begin(), component.more_purls.end());
  texts.cpes = component.cpes;
  for (const auto& vcs : component.vcs)
    if (!vcs.url.empty()) texts.repos.emplace_back(vcs.url, vcs.commit);
  subject.claims = claims_of(texts, refused);
  for (const auto& claim : subject.claims)
    if (claim.purl && is_distribution(claim.purl->type)) subject.distribution = claim.purl->type;
  for (const auto& patch : component.patched)
    subject.patched.push_back({std::string(patch.vulnerability), std::string(patch.source), std::string(patch.patch)});
  return subject;
}

State state_of(sbom::VexStatus status) {
  switch (status) {
    case sbom::VexStatus::not_affected: return State::not_affected;
    case sbom::VexStatus::affected: return State::affected;
    case sbom::VexStatus::fixed: return State::fixed;
    case sbom::VexStatus::under_investigation: return State::under_investigation;
    case sbom::VexStatus::unknown: break;
  }
  return State::unknown;
}

// BOM-Link ("urn:cdx:serial/version#ref") into the same document names a component by its fragment.
std::string_view local_ref(std::string_view ref) {
  const auto hash = ref.rfind('#');
  return ref.starts_with("urn:cdx:") && hash != std::string_view::npos ? ref.substr(hash + 1) : ref;
}

// CycloneDX affects[].versions[]: an assessment of other versions says nothing about this one.
std::optional<State> state_for(const sbom::VexProduct& product, std::string_view version, State stated) {
  if (!product.version.empty() && product.version != version) return std::nullopt;
  if (!product.range.empty()) {
    const auto vers = Vers::parse(product.range);
    if (!vers || contains(vers->to_range(), std::string(version)) != Verdict::inside) return std::nullopt;
  }
  if (product.version.empty() && product.range.empty()) return stated;
  // versions[].status is about exactly this version; analysis.state about the vulnerability in the whole product.
  if (product.claim == "unaffected") return State::not_affected;
  if (product.claim == "unknown" && stated == State::unknown) return State::unknown;
  return stated;
}

std::string note_of(const sbom::VexStatement& statement) {
  std::string note(statement.state);
  for (const auto part : {statement.justification, statement.impact})
    if (!part.empty()) note += (note.empty() ? "" : ": ") + std::string(part);
  return note;
}

}  // namespace

SbomSubjects subjects_of(const sbom::Document& document) {
  const SubjectReader reader(document);
  SbomSubjects out;
  for (std::size_t i = 0; i < reader.size(); ++i) out.subjects.push_back(reader.subject(i, out.refused));
  out.vex = reader.vex(out.vex_elsewhere);
  return out;
}

SubjectReader::SubjectReader(const sbom::Document& document) : document_(document) {
  const auto* whole = document.subject ? &*document.subject : nullptr;
  bool listed = false;
  for (const auto& component : document.components) {
    components_.push_back(&component);
    listed = listed || (whole && component.ref == whole->ref);
  }
  std::vector<std::string> ignored;
  if (whole && !listed && !lookup_keys(subject_of(*whole, ignored)).empty()) components_.push_back(whole);
}

Subject SubjectReader::subject(std::size_t index, std::vector<std::string>& refused) const {
  return subject_of(*components_[index], refused);
}

std::vector<VexClaim> SubjectReader::vex(std::size_t& elsewhere) const {
  std::vector<VexClaim> claims;
  if (document_.vex.empty()) return claims;
  std::map<std::string_view, std::uint32_t> by_ref;
  for (std::size_t i = 0; i < components_.size(); ++i) by_ref.emplace(components_[i]->ref, std::uint32_t(i));
  for (const auto& statement : document_.vex) {
    if (statement.vulnerability.empty()) continue;
    // One claim per state: products of one statement may differ by their versions.
    std::map<State, VexClaim> by_state;
    for (const auto& product : statement.products) {
      const auto at = by_ref.find(local_ref(product.ref));
      if (at == by_ref.end()) {
        ++elsewhere;
        continue;
      }
      const auto state = state_for(product, components_[at->second]->version, state_of(statement.status));
      if (!state) continue;
      by_state[*state].components.push_back(at->second);
    }
    for (auto& [state, claim] : by_state) {
      claim.vulnerability = std::string(statement.vulnerability);
      for (const auto alias : statement.aliases) claim.aliases.emplace_back(alias);
      claim.state = state;
      claim.note = note_of(statement);
      claims.push_back(std::move(claim));
    }
  }
  return claims;
}

}  // namespace hf::vuln
