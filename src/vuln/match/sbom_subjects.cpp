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
std::optional<State> state_for(const sbom::VexProduct& product, const Subject& subject, State stated) {
  if (!product.version.empty() && product.version != subject.version) return std::nullopt;
  if (!product.range.empty()) {
    const auto vers = Vers::parse(product.range);
    if (!vers || contains(vers->to_range(), subject.version) != Verdict::inside) return std::nullopt;
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
  SbomSubjects out;
  std::map<std::string_view, std::uint32_t> by_ref;
  for (const auto& component : document.components) {
    by_ref.emplace(component.ref, std::uint32_t(out.subjects.size()));
    out.subjects.push_back(subject_of(component, out.refused));
  }
  if (document.subject && !by_ref.contains(document.subject->ref)) {
    auto subject = subject_of(*document.subject, out.refused);
    if (!lookup_keys(subject).empty()) {
      by_ref.emplace(document.subject->ref, std::uint32_t(out.subjects.size()));
      out.subjects.push_back(std::move(subject));
    }
  }
  for (const auto& statement : document.vex) {
    if (statement.vulnerability.empty()) continue;
    // One claim per state: products of one statement may differ by their versions.
    std::map<State, VexClaim> by_state;
    for (const auto& product : statement.products) {
      const auto at = by_ref.find(local_ref(product.ref));
      if (at == by_ref.end()) {
        ++out.vex_elsewhere;
        continue;
      }
      const auto state = state_for(product, out.subjects[at->second], state_of(statement.status));
      if (!state) continue;
      by_state[*state].components.push_back(at->second);
    }
    for (auto& [state, claim] : by_state) {
      claim.vulnerability = std::string(statement.vulnerability);
      for (const auto alias : statement.aliases) claim.aliases.emplace_back(alias);
      claim.state = state;
      claim.note = note_of(statement);
      out.vex.push_back(std::move(claim));
    }
  }
  return out;
}

}  // namespace hf::vuln
