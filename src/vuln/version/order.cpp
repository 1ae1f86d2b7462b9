#include "vuln/version/order.h"

#include <array>
#include <utility>

#include "vuln/version/orders.h"

namespace hf::vuln {
namespace {

struct Entry {
  Scheme scheme;
  std::string_view name;
  orders::Order (*compare)(std::string_view, std::string_view);
};

constexpr std::array kSchemes{
    Entry{Scheme::generic, "generic", &orders::generic},
    Entry{Scheme::semver, "semver", &orders::semver},
    Entry{Scheme::npm, "npm", &orders::npm},
    Entry{Scheme::pep440, "pypi", &orders::pep440},
    Entry{Scheme::maven, "maven", &orders::maven},
    Entry{Scheme::deb, "deb", &orders::deb},
    Entry{Scheme::rpm, "rpm", &orders::rpm},
    Entry{Scheme::apk, "apk", &orders::apk},
    Entry{Scheme::gem, "gem", &orders::gem},
    Entry{Scheme::golang, "golang", &orders::golang},
    Entry{Scheme::nuget, "nuget", &orders::nuget},
    Entry{Scheme::cargo, "cargo", &orders::semver},
    Entry{Scheme::composer, "composer", &orders::composer},
    Entry{Scheme::alpm, "alpm", &orders::alpm},
    Entry{Scheme::gentoo, "gentoo", &orders::gentoo},
    Entry{Scheme::openssl, "openssl", &orders::openssl},
    Entry{Scheme::conan, "conan", &orders::conan},
    Entry{Scheme::nginx, "nginx", &orders::intdot},
    Entry{Scheme::intdot, "intdot", &orders::intdot},
    Entry{Scheme::calver, "calver", &orders::calver},
    Entry{Scheme::kernel, "kernel", &orders::kernel},
    Entry{Scheme::datetime, "datetime", &orders::datetime},
    Entry{Scheme::lexicographic, "lexicographic", &orders::lexicographic},
    Entry{Scheme::opaque, "opaque", &orders::opaque},
};

constexpr auto kList = [] {
  std::array<Scheme, kSchemes.size()> list{};
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = kSchemes[i].scheme;
  return list;
}();

// compare() indexes the table with the enumerator.
static_assert([] {
  for (std::size_t i = 0; i < kList.size(); ++i)
    if (static_cast<std::size_t>(kList[i]) != i) return false;
  return true;
}());

// Other words for the same order: purl types, OSV ecosystems' and CVE versionType's words.
constexpr std::array<std::pair<std::string_view, Scheme>, 30> kAliases{{
    {"pep440", Scheme::pep440},  {"python", Scheme::pep440},      {"debian", Scheme::deb},
    {"ubuntu", Scheme::deb},     {"dpkg", Scheme::deb},           {"opkg", Scheme::deb},
    {"ipk", Scheme::deb},        {"redhat", Scheme::rpm},         {"alpine", Scheme::apk},
    {"rubygems", Scheme::gem},   {"ruby", Scheme::gem},           {"go", Scheme::golang},
    {"crates", Scheme::cargo},   {"packagist", Scheme::composer}, {"arch", Scheme::alpm},
    {"archlinux", Scheme::alpm}, {"ebuild", Scheme::gentoo},      {"portage", Scheme::gentoo},
    {"linux", Scheme::kernel},   {"date", Scheme::calver},        {"hex", Scheme::semver},
    {"pub", Scheme::semver},     {"swift", Scheme::semver},       {"julia", Scheme::semver},
    {"bitnami", Scheme::semver}, {"cocoapods", Scheme::gem},      {"cpan", Scheme::intdot},
    {"hackage", Scheme::intdot}, {"custom", Scheme::generic},     {"git", Scheme::opaque},
}};

}  // namespace

std::string_view name_of(Scheme scheme) { return kSchemes[static_cast<std::size_t>(scheme)].name; }

std::optional<Scheme> scheme_of_name(std::string_view name) {
  for (const auto& entry : kSchemes)
    if (orders::equal_folded(entry.name, name)) return entry.scheme;
  for (const auto& [alias, scheme] : kAliases)
    if (orders::equal_folded(alias, name)) return scheme;
  return std::nullopt;
}

std::span<const Scheme> schemes() { return kList; }

Scheme scheme_of_purl_type(std::string_view type) {
  // Types whose versions are release labels of any upstream, or commits and tags.
  static constexpr std::array<std::string_view, 5> kNoOrder{"generic", "github", "git", "cpan", "openssl"};
  for (const auto none : kNoOrder)
    if (orders::equal_folded(type, none)) return Scheme::generic;
  return scheme_of_name(type).value_or(Scheme::generic);
}

std::optional<std::strong_ordering> compare(Scheme scheme, std::string_view a, std::string_view b) {
  return kSchemes[static_cast<std::size_t>(scheme)].compare(a, b);
}

bool is_version(Scheme scheme, std::string_view text) { return compare(scheme, text, text).has_value(); }

}  // namespace hf::vuln
