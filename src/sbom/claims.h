// Small normalisations that both formats share.
#pragma once

#include <string_view>

#include "sbom/types.h"

namespace hf::sbom {

// The CycloneDX spelling of a hash algorithm that SPDX 2 ("SHA256") or SPDX 3 ("sha256", "sha3_256") names; the word
// itself when it is not one of them.
[[nodiscard]] std::string_view hash_algorithm(std::string_view word);
[[nodiscard]] Hash hash_of(std::string_view algorithm, std::string_view value, TextArena& text);

// SPDX 2.3 clause 7.7 download locations and npm's repository URLs: "git+https://host/path.git@commit#sub/path",
// "git+ssh://git@host/path#commit", "https://host/path.git". Empty when the text is no repository.
[[nodiscard]] Vcs vcs_of(std::string_view location, bool known_as_vcs, TextArena& text);

// A full SHA-1 or SHA-256 object name.
[[nodiscard]] bool is_commit(std::string_view word);

// "CVE-2024-1234 CVE-2024-5678": calls back for each word that names a CVE.
template <class Visit>
void each_cve(std::string_view words, Visit&& visit) {
  for (auto at = words.find("CVE-"); at != std::string_view::npos; at = words.find("CVE-", at + 4)) {
    auto end = at + 4;
    while (end < words.size() && ((words[end] >= '0' && words[end] <= '9') || words[end] == '-')) ++end;
    if (end - at >= 13) visit(words.substr(at, end - at));
  }
}

}  // namespace hf::sbom
