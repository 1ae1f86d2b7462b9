#include "sbom/claims.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"

namespace hf::sbom {
namespace {

constexpr std::array<std::string_view, 17> kAlgorithms{
    "MD5",      "SHA-1", "SHA-224", "SHA-256",     "SHA-384",     "SHA-512",     "SHA3-224", "SHA3-256", "SHA3-384",
    "SHA3-512", "MD2",   "MD4",     "BLAKE2b-256", "BLAKE2b-384", "BLAKE2b-512", "BLAKE3",   "ADLER-32"};

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Letters and digits only, in lower case: "SHA3-256", "sha3_256" and "SHA3256" become the same.
std::size_t fold(std::string_view word, std::span<char> out) {
  std::size_t size = 0;
  for (const char c : word) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter) continue;
    if (size == out.size()) return 0;
    out[size++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return size;
}

}  // namespace

std::string_view hash_algorithm(std::string_view word) {
  for (const auto name : kAlgorithms)
    if (name == word) return name;
  std::array<char, 16> a{}, b{};
  const auto size = fold(word, a);
  for (const auto name : kAlgorithms)
    if (size > 0 && fold(name, b) == size && std::equal(a.begin(), a.begin() + size, b.begin())) return name;
  return {};
}

Hash hash_of(std::string_view algorithm, std::string_view value, TextArena& text) {
  Hash hash;
  hash.algorithm = hash_algorithm(algorithm);
  if (hash.algorithm.empty()) hash.algorithm = text.keep(algorithm);
  const bool upper = std::any_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'F'; });
  hash.value = upper && std::all_of(value.begin(), value.end(), is_hex) ? text.keep(to_lower(value)) : text.keep(value);
  return hash;
}

bool is_commit(std::string_view word) {
  return (word.size() == 40 || word.size() == 64) && std::all_of(word.begin(), word.end(), is_hex);
}

Vcs vcs_of(std::string_view location, bool known_as_vcs, TextArena& text) {
  static constexpr std::array<std::string_view, 4> kTools{"git+", "hg+", "svn+", "bzr+"};
  const auto tool =
      std::find_if(kTools.begin(), kTools.end(), [&](auto prefix) { return location.starts_with(prefix); });
  const bool plain_git = location.starts_with("git://") || location.starts_with("git@");
  if (tool == kTools.end() && !plain_git && !known_as_vcs) return {};
  if (tool != kTools.end()) location.remove_prefix(tool->size());

  std::string_view fragment;
  if (const auto hash = location.find('#'); hash != std::string_view::npos) {
    fragment = location.substr(hash + 1);
    location = location.substr(0, hash);
  }
  // The '@' of a revision follows the path; the one of "git@host" comes before it.
  std::string_view revision;
  const auto scheme = location.find("://");
  const auto path = location.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  const auto at = location.rfind('@');
  if (at != std::string_view::npos && path != std::string_view::npos && at > path) {
    revision = location.substr(at + 1);
    location = location.substr(0, at);
  } else if (!fragment.empty() && fragment.find('/') == std::string_view::npos &&
             fragment.find('=') == std::string_view::npos) {
    revision = fragment;  // npm: the fragment is the commit; SPDX: it is a path inside the repository
  }
  return {text.keep(location), text.keep(revision)};
}

}  // namespace hf::sbom
