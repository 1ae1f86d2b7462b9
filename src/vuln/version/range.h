// Sets of versions as every feed states them: a union of intervals and exact versions over one order. Pure.
//
//   OSV events       introduced a, fixed b        [a, b)         introduced "0": no lower bound
//                    introduced a, last_affected b [a, b]
//   CVE 5 versions   version a, lessThan b        [a, b)         version "0" or "*": no lower bound
//                    lessThanOrEqual "6.1.*"      upper "6.1.*", inclusive: up to the last 6.1 there will ever be
//   NVD cpeMatch     versionStartIncluding ...    as named
//   VERS             >=a|<b|c                     [a, b) and the exact version c; != splits an interval
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vuln/version/order.h"

namespace hf::vuln {

// An empty bound is no bound. A bound "P.*" stands for all versions whose release begins with P: as a lower bound
// their lowest (inclusive) or what comes after them (exclusive), as an upper bound what comes before them
// (exclusive) or the last of them (inclusive).
struct Interval {
  std::string lower{};
  bool lower_inclusive = true;
  std::string upper{};
  bool upper_inclusive = false;

  bool operator==(const Interval&) const = default;
};

struct Range {
  Scheme scheme = Scheme::generic;
  std::vector<Interval> intervals{};
  std::vector<std::string> exact{};  // equal in the scheme's order, or as text

  bool operator==(const Range&) const = default;
};

// unknown is not outside: the version or a bound that would decide is not a version of the scheme.
enum class Verdict : std::uint8_t { inside, outside, unknown };
[[nodiscard]] std::string_view name_of(Verdict verdict);

[[nodiscard]] Verdict contains(Scheme scheme, const Interval& interval, std::string_view version);
// inside if any part contains it; else unknown if any part, or the version, could not be read; else outside.
[[nodiscard]] Verdict contains(const Range& range, std::string_view version);

[[nodiscard]] bool is_wildcard(std::string_view bound);  // "6.1.*"; also a lone "*"

// For people and for a finding's explanation: ">= 1.0, < 1.2 or = 1.3".
[[nodiscard]] std::string to_text(const Range& range);

}  // namespace hf::vuln
