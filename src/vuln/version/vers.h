// VERS, the version range specifier (package-url/vers-spec v1.1.0): "vers:npm/>=1.0.0|<2.0.0|!=1.5.0". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "vuln/version/range.h"

namespace hf::vuln {

struct VersLimits {
  std::size_t bytes_max = 65536;
  std::size_t constraints_max = 4096;
  bool strict = false;  // take nothing but the canonical text: no white space, sorted, encoded only where needed
};

enum class Comparator : std::uint8_t { equal, not_equal, less, less_or_equal, greater, greater_or_equal, any };
[[nodiscard]] std::string_view text_of(Comparator comparator);  // "=", "!=", "<", "<=", ">", ">=", "*"

struct VersConstraint {
  Comparator comparator = Comparator::equal;
  std::string version{};  // decoded; empty for '*'

  bool operator==(const VersConstraint&) const = default;
};

struct Vers {
  std::string scheme;  // as written, lower case: a VERS may name a scheme that we cannot order
  std::vector<VersConstraint> constraints;

  // Takes the constraints as they stand, without sorting. HF-VERS-0001 not a VERS, 0002 a constraint is malformed or
  // (strict) the text is not canonical, 0003 over a limit.
  [[nodiscard]] static Result<Vers> parse(std::string_view text, const VersLimits& limits = {});

  // Constraints sorted by version, none removed (the published tests keep redundant ones). As it stands if we do not
  // know the scheme; HF-VERS-0004 if versions have to be sorted and one is none of the scheme.
  [[nodiscard]] Result<Vers> canonical() const;
  [[nodiscard]] std::string to_text() const;
  // The intervals, after the specification's simplification: of two bounds in a row that point the same way the wider
  // one holds. An unknown scheme becomes `opaque`, so that only exact versions decide.
  [[nodiscard]] Range to_range() const;

  bool operator==(const Vers&) const = default;
};

// A range in an ecosystem's own notation ("^1.2", "~> 2.0.8", "[1.0,2.0)"). HF-VERS-0005 if it cannot be read or
// that scheme has no notation here.
[[nodiscard]] Result<Vers> vers_of_native(std::string_view scheme, std::string_view native);

}  // namespace hf::vuln
