#include "sbom/digest.h"
#include "sbom/grammar/grammar.h"

namespace hf::sbom::grammar {

void NameTable::build() {
  if (names_.empty()) return;
  std::size_t capacity = 4;
  while (capacity < names_.size() * 2) capacity *= 2;
  slots_.assign(capacity, kNone);
  for (std::uint32_t i = 0; i < names_.size(); ++i) {
    auto at = hash(names_[i]) & (capacity - 1);
    while (slots_[at] != kNone) at = (at + 1) & (capacity - 1);
    slots_[at] = i;
  }
}

// The two ends tell nearly all names of a format apart.
std::uint64_t NameTable::hash(std::string_view name) {
  const auto [first, last] = ends_of(name);
  return fold(first ^ kMix, last ^ (name.size() * kMix));
}

std::uint32_t NameTable::find(std::string_view name) const {
  if (slots_.empty()) return kNone;
  const auto mask = slots_.size() - 1;
  for (auto at = hash(name) & mask; slots_[at] != kNone; at = (at + 1) & mask)
    if (names_[slots_[at]] == name) return slots_[at];
  return kNone;
}

}  // namespace hf::sbom::grammar
