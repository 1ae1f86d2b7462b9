#include "vuln/version/range.h"

#include <algorithm>

namespace hf::vuln {
namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

// Is `version` one whose release begins with the numbers of `prefix`? "6.1" begins "6.1.52", "6.1-rc3" and "6.1",
// not "6.10". Leading zeros and a leading 'v' do not count.
bool begins(std::string_view version, std::string_view prefix) {
  const auto bare = [](std::string_view text) {
    if (text.size() > 1 && (text[0] == 'v' || text[0] == 'V') && digit(text[1])) text.remove_prefix(1);
    return text;
  };
  version = bare(version);
  prefix = bare(prefix);
  std::size_t v = 0, p = 0;
  while (p < prefix.size()) {
    if (v >= version.size()) return false;
    if (digit(prefix[p]) && digit(version[v])) {
      while (p + 1 < prefix.size() && prefix[p] == '0' && digit(prefix[p + 1])) ++p;
      while (v + 1 < version.size() && version[v] == '0' && digit(version[v + 1])) ++v;
      while (p < prefix.size() && digit(prefix[p])) {
        if (v >= version.size() || version[v] != prefix[p]) return false;
        ++p;
        ++v;
      }
      if (v < version.size() && digit(version[v])) return false;
      continue;
    }
    if (version[v++] != prefix[p++]) return false;
  }
  return true;
}

// How `version` stands to a bound; for "P.*" equal means "one of P".
std::optional<std::strong_ordering> against(Scheme scheme, std::string_view version, std::string_view bound) {
  if (!is_wildcard(bound)) return compare(scheme, version, bound);
  if (bound == "*") return std::strong_ordering::equal;
  const auto prefix = bound.substr(0, bound.size() - 2);
  const auto order = compare(scheme, version, prefix);
  if (order && begins(version, prefix)) return std::strong_ordering::equal;
  return order;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::inside: return "inside";
    case Verdict::outside: return "outside";
    case Verdict::unknown: return "unknown";
  }
  return "unknown";
}

bool is_wildcard(std::string_view bound) { return bound == "*" || (bound.size() > 2 && bound.ends_with(".*")); }

Verdict contains(Scheme scheme, const Interval& interval, std::string_view version) {
  // One bound that excludes decides, also when the other one cannot be read.
  bool unknown = false;
  if (!interval.lower.empty()) {
    const auto order = against(scheme, version, interval.lower);
    if (!order) unknown = true;
    else if (*order < 0 || (*order == 0 && !interval.lower_inclusive)) return Verdict::outside;
  }
  if (!interval.upper.empty()) {
    const auto order = against(scheme, version, interval.upper);
    if (!order) unknown = true;
    else if (*order > 0 || (*order == 0 && !interval.upper_inclusive)) return Verdict::outside;
  }
  return unknown ? Verdict::unknown : Verdict::inside;
}

Verdict contains(const Range& range, std::string_view version) {
  bool unknown = false;
  for (const auto& interval : range.intervals) {
    const auto verdict = contains(range.scheme, interval, version);
    if (verdict == Verdict::inside) return verdict;
    unknown |= verdict == Verdict::unknown;
  }
  for (const auto& exact : range.exact) {
    if (exact == version) return Verdict::inside;
    const auto order = against(range.scheme, version, exact);
    if (order && *order == 0) return Verdict::inside;
    // Two different opaque texts name two different versions: a list of them answers no, not "unknown".
    unknown |= !order && range.scheme != Scheme::opaque;
  }
  return unknown ? Verdict::unknown : Verdict::outside;
}

std::string to_text(const Range& range) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " or ") + part; };
  for (const auto& i : range.intervals) {
    std::string part;
    if (!i.lower.empty()) part = (i.lower_inclusive ? ">= " : "> ") + i.lower;
    if (!i.upper.empty()) part += (part.empty() ? "" : ", ") + std::string(i.upper_inclusive ? "<= " : "< ") + i.upper;
    add(part.empty() ? "any version" : part);
  }
  for (const auto& exact : range.exact) add("= " + exact);
  return text.empty() ? "no version" : text;
}

}  // namespace hf::vuln
