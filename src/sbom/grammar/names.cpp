#include <cstring>

#include "sbom/grammar/grammar.h"

namespace hf::sbom::grammar {

std::uint64_t digest_of(std::string_view text) {
  // Eight bytes a step, each folded with a 64x64-bit product (the idea of wyhash and of Abseil's hash).
  constexpr std::uint64_t kA = 0x9e3779b97f4a7c15, kB = 0xd6e8feb86659fd93;
  const auto fold = [](std::uint64_t x, std::uint64_t y) {
    const auto product = static_cast<unsigned __int128>(x) * y;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  std::uint64_t digest = kA ^ text.size();
  const char* at = text.data();
  auto left = text.size();
  for (std::uint64_t word = 0; left >= 8; at += 8, left -= 8) {
    std::memcpy(&word, at, 8);
    digest = fold(digest ^ word, kB);
  }
  if (left > 0) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, left);
    digest = fold(digest ^ word, kB);
  }
  return fold(digest, kA);
}

std::uint64_t NameTable::hash(std::string_view name) { return digest_of(name); }

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

std::uint32_t NameTable::find(std::string_view name) const {
  if (slots_.empty()) return kNone;
  const auto mask = slots_.size() - 1;
  for (auto at = hash(name) & mask; slots_[at] != kNone; at = (at + 1) & mask)
    if (names_[slots_[at]] == name) return slots_[at];
  return kNone;
}

}  // namespace hf::sbom::grammar
