// 64 bits of a text: equal texts have equal digests, and different ones in practice never do. Two words a step, each
// step one 64x64-bit product (the idea of wyhash and of Abseil's hash). The secret is where the program was loaded, so
// that nobody can prepare a document whose names all fall together; digests never leave the process.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace hf::sbom {

inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

struct Words {  // of at most 16 bytes, overlapping when there are fewer
  std::uint64_t first = 0, last = 0;
};
inline std::uint64_t load(const char* at, std::size_t bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, bytes);
  return word;
}
inline Words ends_of(std::string_view text) {
  const char* const at = text.data();
  const auto n = text.size();
  if (n >= 8) return {load(at, 8), load(at + n - 8, 8)};
  if (n >= 4) return {load(at, 4), load(at + n - 4, 4)};
  if (n > 0) return {load(at, 1) | load(at + n / 2, 1) << 8 | load(at + n - 1, 1) << 16, 0};
  return {};
}

inline constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15;
inline const char kAnchor = 0;
inline const std::uint64_t kSecret = fold(reinterpret_cast<std::uintptr_t>(&kAnchor) ^ 0xd6e8feb86659fd93, kMix);

inline std::uint64_t digest_of(std::string_view text) {
  auto digest = kSecret;
  auto rest = text;
  for (; rest.size() > 16; rest.remove_prefix(16))
    digest = fold(load(rest.data(), 8) ^ kSecret, load(rest.data() + 8, 8) ^ digest);
  const auto [first, last] = ends_of(rest);
  return fold(kMix ^ text.size(), fold(first ^ kSecret, last ^ digest));
}

// For tables whose keys a document chooses.
struct DigestHash {
  std::size_t operator()(std::string_view text) const { return digest_of(text); }
};

}  // namespace hf::sbom
