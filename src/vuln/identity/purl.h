// Package URL (ECMA-427; type definitions of package-url/purl-spec v1.0.1).
//
//   pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS#SUBPATH
//
// Read from the right, because '@', '?' and '#' may stand unencoded further left. Values are held decoded and
// normalised as their type demands (github lower case, pypi '_' to '-', yocto untouched), so two purls of one
// package are equal member by member. Pure: no I/O, no store.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hf::vuln {

struct PurlLimits {
  std::size_t bytes_max = 8192;
  std::size_t qualifiers_max = 128;
  // Refuse what a type definition forbids or misses ("pkg:cargo/a/b", "pkg:swift/x"), and read nothing kindly.
  // Off for documents from the field: "pkg:golang/stdlib", "pkg:github.com/zephyrproject-rtos/hal" (a type written
  // as a host) and "pkg:npm/%40scope%2Fname" still name something, and a dropped identity is a missed finding.
  bool strict = false;
};

struct Purl {
  std::string type;                                            // lower case
  std::string ns;                                              // namespace, segments joined by '/'; empty when absent
  std::string name;                                            // never empty
  std::string version;                                         // empty when absent
  std::map<std::string, std::string, std::less<>> qualifiers;  // lower-case keys; an empty value is absence
  std::string subpath;                                         // segments joined by '/'; empty when absent

  // HF-PURL-0001 not a package URL, 0002 a type's rule is broken (says which), 0003 over a limit.
  [[nodiscard]] static Result<Purl> parse(std::string_view text, const PurlLimits& limits = {});
  // The same rules applied to decoded parts; `parts` may be in any case. Same errors.
  [[nodiscard]] static Result<Purl> build(Purl parts, const PurlLimits& limits = {});

  [[nodiscard]] std::string to_text() const;      // the canonical text; parse(to_text()) == *this
  [[nodiscard]] std::string package_key() const;  // canonical text of type, namespace and name alone: index key

  bool operator==(const Purl&) const = default;
};

}  // namespace hf::vuln
