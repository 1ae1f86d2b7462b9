// What a component claims to be. One component makes many claims; each can be looked up and judged by itself, and a
// finding names the one it rests on. Values and pure rules: no store, no document.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vuln/identity/cpe.h"
#include "vuln/identity/purl.h"
#include "vuln/version/order.h"

namespace hf::vuln {

enum class ClaimKind : std::uint8_t {
  purl,
  cpe,
  git,      // repository, with a commit or a tag
  product,  // only a product name: from purl types without an ecosystem (generic, yocto, conan, vcpkg)
};
[[nodiscard]] std::string_view name_of(ClaimKind kind);

struct Claim {
  ClaimKind kind = ClaimKind::purl;
  std::string text{};  // as the document states it
  std::optional<Purl> purl{};
  std::optional<Cpe> cpe{};  // for `product` too: the product, everything else ANY
  std::string repo{};        // as repo_key gives it
  std::string version{};     // empty: not stated
  bool commit = false;       // `version` is a commit
  Scheme scheme = Scheme::generic;
};

struct PatchClaim {  // "this build carries a fix": beats any version range
  std::string vulnerability{};
  std::string source{};
  std::string patch{};
};
[[nodiscard]] std::string patch_note(const PatchClaim& patch);  // "backport: https://..."

struct Subject {
  std::string ref{};
  std::string name{};
  std::string version{};
  std::vector<Claim> claims{};
  std::vector<PatchClaim> patched{};
  std::string distribution{};  // deb, rpm, apk, alpm: its version carries backports that upstream ranges do not see
};

// Claims from the texts of a document. Texts that cannot be read are left out: `refused` gets them with the reason.
struct ClaimTexts {
  std::string_view name, version;
  std::vector<std::string_view> purls, cpes;
  std::vector<std::pair<std::string_view, std::string_view>> repos;  // url, commit or tag
};
[[nodiscard]] std::vector<Claim> claims_of(const ClaimTexts& texts, std::vector<std::string>& refused);

// Where to look: "purl:...", "git:...", "product:NAME". The same words as lookup_keys(Advisory).
[[nodiscard]] std::vector<std::string> lookup_keys(const Subject& subject);

// The order of a product's versions where its ecosystem does not say: openssl, linux_kernel; otherwise generic.
[[nodiscard]] Scheme scheme_of_product(std::string_view product);

[[nodiscard]] bool is_commit(
    std::string_view text);  // 7 to 64 hexadecimal digits, at least one of them a letter, or 40
[[nodiscard]] bool is_distribution(std::string_view purl_type);

}  // namespace hf::vuln
