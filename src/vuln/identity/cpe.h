// CPE 2.3: names and bindings of NISTIR 7695, matching of NISTIR 7696. Pure: no dictionary, no I/O.
//
// A value is one of ANY ('*'), NA ('-') or a string. Strings are held as in the formatted string binding, that is
// lower case with '\' before each special character, wildcards '*' and '?' only at the ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hf::vuln {

enum class CpeAttribute : std::uint8_t {
  part,
  vendor,
  product,
  version,
  update,
  edition,
  language,
  sw_edition,
  target_sw,
  target_hw,
  other
};
inline constexpr std::size_t kCpeAttributes = 11;

// How the set that a source names stands to the set that a target names (NISTIR 7696 tables 6-1 to 6-4).
// undefined: the tables do not say (a wildcard in the target, or some attributes subset and others superset).
enum class CpeRelation : std::uint8_t { disjoint, equal, subset, superset, undefined };
[[nodiscard]] std::string_view name_of(CpeRelation relation);

struct Cpe {
  std::array<std::string, kCpeAttributes> values;  // in the order of CpeAttribute; "*" is ANY, "-" is NA

  Cpe() { values.fill("*"); }

  // "cpe:2.3:..." (formatted string) or "cpe:/..." (URI). Any of a, o, h, '*' and '-' as the part: Yocto writes '*'.
  // HF-CPE-0001 not a CPE name, 0002 a value breaks the grammar (says which), 0003 over 4096 bytes.
  [[nodiscard]] static Result<Cpe> parse(std::string_view text);

  // Sets one attribute from plain text, quoting what needs it: "*" and "-" alone stay ANY and NA.
  void set(CpeAttribute attribute, std::string_view plain);
  [[nodiscard]] const std::string& operator[](CpeAttribute attribute) const {
    return values[static_cast<std::size_t>(attribute)];
  }
  [[nodiscard]] bool is_any(CpeAttribute attribute) const { return (*this)[attribute] == "*"; }
  [[nodiscard]] bool is_na(CpeAttribute attribute) const { return (*this)[attribute] == "-"; }
  // The value without quoting: "3.0.11", "c\+\+" as "c++". ANY and NA give "*" and "-".
  [[nodiscard]] std::string plain(CpeAttribute attribute) const;

  [[nodiscard]] std::string to_text() const;      // formatted string; parse(to_text()) == *this
  [[nodiscard]] std::string to_uri() const;       // 2.2 URI with packed edition (NISTIR 7695 6.1.2)
  [[nodiscard]] std::string product_key() const;  // "vendor:product", plain and lower case: index key

  bool operator==(const Cpe&) const = default;
};

// One attribute (NISTIR 7696 6.1.2, table 6-2). Values as Cpe holds them.
[[nodiscard]] CpeRelation compare(std::string_view source, std::string_view target);
// Whole names (table 6-4): disjoint if any attribute is; equal, subset, superset if all are that or equal.
[[nodiscard]] CpeRelation compare(const Cpe& source, const Cpe& target);
// Does a record's name (source) cover a component's name (target)? Equal or superset in every attribute; where the
// target says ANY and the source is narrower in other than vendor and product, `lenient` counts it as covered.
[[nodiscard]] bool covers(const Cpe& source, const Cpe& target, bool lenient = false);

}  // namespace hf::vuln
