// Version orders: which of two version texts is the newer one, by the rules of their ecosystem. Pure; never throws;
// allocates nothing for the schemes that matter in bulk.
//
// `generic` is our own order, for upstream C projects and whatever has no ecosystem. It is documented in generic.h
// and held to tests/data/vuln/order.vec; a match that used it is to be labelled "generic-ordered".
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace hf::vuln {

enum class Scheme : std::uint8_t {
  generic,        // ours
  semver,         // semver.org 2.0.0
  npm,            // semver, with node-semver's tolerance for a leading 'v' and '='
  pep440,         // VERS "pypi"
  maven,          // org.apache.maven.artifact.versioning.ComparableVersion
  deb,            // deb-version(7)
  rpm,            // rpmvercmp with '~' and '^'
  apk,            // apk-tools
  gem,            // Gem::Version
  golang,         // semver with "v", pseudo-versions, "+incompatible"
  nuget,          // four parts, pre-release case-insensitive
  cargo,          // semver
  composer,       // stability flags, dev branches
  alpm,           // pacman vercmp
  gentoo,         // PMS 3.3; VERS "ebuild" and "gentoo"
  openssl,        // letters up to 1.1.1, three parts from 3.0
  conan,          // semver-like with any number of parts
  nginx,          // dotted numbers
  intdot,         // dotted numbers, nothing else
  calver,         // dotted or dashed dates
  kernel,         // Linux: X.Y-rcN before X.Y, X.Y.Z stable
  datetime,       // RFC 3339
  lexicographic,  // bytes
  opaque,         // equal or incomparable
};

// The VERS scheme name ("pypi", "deb", "gentoo"); aliases accepted on the way in. nullopt: not one of ours.
[[nodiscard]] std::string_view name_of(Scheme scheme);
[[nodiscard]] std::optional<Scheme> scheme_of_name(std::string_view name);
[[nodiscard]] std::span<const Scheme> schemes();

// The order of versions of a purl type; `generic` for types without one (generic, github, yocto, vcpkg, ...).
[[nodiscard]] Scheme scheme_of_purl_type(std::string_view type);

// nullopt: at least one of them is not a version of that scheme.
[[nodiscard]] std::optional<std::strong_ordering> compare(Scheme scheme, std::string_view a, std::string_view b);
[[nodiscard]] bool is_version(Scheme scheme, std::string_view text);

}  // namespace hf::vuln
