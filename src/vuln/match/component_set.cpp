#include "vuln/match/component_set.h"

#include "vuln/feeds/advisory.h"

namespace hf::vuln {

ComponentSet::ComponentSet(std::vector<Subject> subjects) : subjects_(std::move(subjects)) {
  for (std::uint32_t i = 0; i < subjects_.size(); ++i)
    for (const auto& key : lookup_keys(subjects_[i])) by_key_[key].push_back(i);
}

ComponentSet ComponentSet::without_index(std::vector<Subject> subjects) {
  ComponentSet set(std::move(subjects));
  for (std::uint32_t i = 0; i < set.subjects_.size(); ++i) set.everything_.push_back(i);
  return set;
}

std::span<const std::uint32_t> ComponentSet::with_key(std::string_view key) const {
  if (!everything_.empty()) return everything_;
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return {};
  return at->second;
}

bool ComponentSet::describes(char part, const ProductDictionary& dictionary) const {
  if (part != 'h' && part != 'o') return true;
  for (const auto& subject : subjects_)
    for (const auto& claim : subject.claims) {
      if (!claim.cpe) continue;
      const auto& stated = (*claim.cpe)[CpeAttribute::part];
      if (stated.front() == part) return true;
      if (stated == "*" && dictionary.has_part(fold_name(claim.cpe->plain(CpeAttribute::product)), part)) return true;
    }
  return false;
}

}  // namespace hf::vuln
