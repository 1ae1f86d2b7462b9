#include "vuln/version/vers.h"

#include <algorithm>

#include "base/text.h"

namespace hf::vuln {
namespace {

auto malformed(std::string message) { return fail(ErrorKind::invalid, "HF-VERS-0001", std::move(message)); }
auto bad_constraint(std::string message) { return fail(ErrorKind::invalid, "HF-VERS-0002", std::move(message)); }

bool is_scheme(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' || c == '+';
  });
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool decode(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = nibble(text[i + 1]), low = nibble(text[i + 2]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return is_utf8(out);
}

// Only what the syntax of a VERS needs for itself is encoded; ':' in "1:2.3" stands as it is.
void encode(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  static constexpr std::string_view kReserved = "><=!*|% \t\r\n\v\f\"#?/@,;&[]{}\\^`";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && kReserved.find(c) == std::string_view::npos) {
      out += c;
      continue;
    }
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

Comparator take_comparator(std::string_view& text) {
  static constexpr std::pair<std::string_view, Comparator> kComparators[]{
      {">=", Comparator::greater_or_equal}, {"<=", Comparator::less_or_equal}, {"!=", Comparator::not_equal},
      {">", Comparator::greater},           {"<", Comparator::less},           {"=", Comparator::equal}};
  for (const auto& [word, comparator] : kComparators) {
    if (!text.starts_with(word)) continue;
    text.remove_prefix(word.size());
    return comparator;
  }
  return Comparator::equal;
}

bool is_upper(Comparator c) { return c == Comparator::less || c == Comparator::less_or_equal; }
bool is_lower(Comparator c) { return c == Comparator::greater || c == Comparator::greater_or_equal; }

// Stable: ">=1|<=1" is one version and "<=1|>=1" is everything. Where one of two constraints on a version leaves it
// out there is only one sensible order: "<1" before ">=1", "<=1" before ">1".
void sort_by_version(std::vector<VersConstraint>& constraints, Scheme scheme) {
  const auto rank = [](Comparator c) { return c == Comparator::less ? 0 : c == Comparator::greater ? 2 : 1; };
  std::stable_sort(constraints.begin(), constraints.end(), [&](const VersConstraint& a, const VersConstraint& b) {
    const auto order = compare(scheme, a.version, b.version);
    return order && (*order < 0 || (*order == 0 && rank(a.comparator) < rank(b.comparator)));
  });
}

// VERS, "Version range simplify procedure": of two constraints in a row that point the same way the wider one stays.
void simplify(std::vector<VersConstraint>& list) {
  for (std::size_t i = 0; i + 1 < list.size();) {
    const auto here = list[i].comparator, next = list[i + 1].comparator;
    if (is_lower(here) && (is_lower(next) || next == Comparator::equal)) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    } else if (is_upper(next) && (is_upper(here) || here == Comparator::equal)) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
      if (i > 0) --i;
    } else {
      ++i;
    }
  }
}

// Cuts one version out of every interval that holds it.
void exclude(Range& range, const std::string& version) {
  std::vector<Interval> cut;
  for (auto& interval : range.intervals) {
    if (contains(range.scheme, interval, version) != Verdict::inside) {
      cut.push_back(std::move(interval));
      continue;
    }
    cut.push_back({interval.lower, interval.lower_inclusive, version, false});
    cut.push_back({version, false, interval.upper, interval.upper_inclusive});
  }
  range.intervals = std::move(cut);
  std::erase_if(range.exact, [&](const std::string& exact) {
    const auto order = compare(range.scheme, exact, version);
    return exact == version || (order && *order == 0);
  });
}

}  // namespace

std::string_view text_of(Comparator comparator) {
  switch (comparator) {
    case Comparator::equal: return "=";
    case Comparator::not_equal: return "!=";
    case Comparator::less: return "<";
    case Comparator::less_or_equal: return "<=";
    case Comparator::greater: return ">";
    case Comparator::greater_or_equal: return ">=";
    case Comparator::any: return "*";
  }
  return "=";
}

Result<Vers> Vers::parse(std::string_view text, const VersLimits& limits) {
  if (text.size() > limits.bytes_max)
    return fail(ErrorKind::limit, "HF-VERS-0003", "a VERS has at most " + std::to_string(limits.bytes_max) + " bytes");
  const auto written = text;
  std::string squeezed;
  if (!limits.strict) {  // white space has no meaning and people write it
    for (const char c : text)
      if (c != ' ' && c != '\t' && c != '\n' && c != '\r') squeezed += c;
    text = squeezed;
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.substr(0, colon) != "vers")
    return malformed("a version range begins with vers:");
  text.remove_prefix(colon + 1);
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return malformed("a version range names its scheme: vers:SCHEME/CONSTRAINTS");
  Vers vers;
  vers.scheme = limits.strict ? std::string(text.substr(0, slash)) : to_lower(text.substr(0, slash));
  if (!is_scheme(vers.scheme)) return malformed("a versioning scheme is lower-case letters, digits, '.', '-' and '_'");
  text.remove_prefix(slash + 1);
  if (!limits.strict) {
    while (text.starts_with('|')) text.remove_prefix(1);
    while (text.ends_with('|')) text.remove_suffix(1);
  }
  if (text.empty()) return malformed("a version range has at least one constraint");
  if (text == "*") {
    vers.constraints.push_back({Comparator::any, ""});
    return vers;
  }
  if (vers.scheme == "all" || vers.scheme == "none") return bad_constraint("vers:" + vers.scheme + " takes '*' alone");
  for (auto part : split(text, '|')) {
    if (part.empty()) {
      if (limits.strict) return malformed("there is nothing between two '|'");
      continue;
    }
    if (vers.constraints.size() == limits.constraints_max)
      return fail(ErrorKind::limit, "HF-VERS-0003",
                  "a VERS has at most " + std::to_string(limits.constraints_max) + " constraints");
    VersConstraint constraint;
    constraint.comparator = take_comparator(part);
    if (part.empty()) return bad_constraint("a comparator stands before a version");
    if (part.find_first_of("<>=!*") != std::string_view::npos)
      return bad_constraint("the characters < > = ! * are percent-encoded in a version: " + std::string(part));
    if (!decode(part, constraint.version) || constraint.version.empty())
      return bad_constraint("the version is not percent-encoded UTF-8: " + std::string(part));
    vers.constraints.push_back(std::move(constraint));
  }
  if (limits.strict) {
    HF_TRY(const auto canonical, vers.canonical());
    if (canonical.to_text() != written)
      return bad_constraint("this is not the canonical text, which is " + canonical.to_text());
  }
  return vers;
}

Result<Vers> Vers::canonical() const {
  const auto known = scheme_of_name(scheme);
  Vers sorted = *this;
  if (!known || (constraints.size() == 1 && constraints[0].comparator == Comparator::any)) return sorted;
  // A single version needs no order, so it may be any text; but RFC 3339 is part of the VERS grammar.
  if (constraints.size() == 1 && *known != Scheme::datetime) return sorted;
  for (const auto& constraint : constraints)
    if (!is_version(*known, constraint.version))
      return fail(ErrorKind::invalid, "HF-VERS-0004",
                  "not a version of the scheme " + scheme + ": " + constraint.version);
  sort_by_version(sorted.constraints, *known);
  return sorted;
}

std::string Vers::to_text() const {
  std::string text = "vers:" + scheme + "/";
  for (std::size_t i = 0; i < constraints.size(); ++i) {
    const auto& constraint = constraints[i];
    if (i > 0) text += '|';
    if (constraint.comparator != Comparator::equal) text += text_of(constraint.comparator);
    encode(text, constraint.version);
  }
  return text;
}

Range Vers::to_range() const {
  Range range{.scheme = scheme_of_name(scheme).value_or(Scheme::opaque)};
  if (scheme == "none") return range;
  if (scheme == "all" || (constraints.size() == 1 && constraints[0].comparator == Comparator::any)) {
    range.intervals.push_back({});
    return range;
  }
  std::vector<VersConstraint> bounds;
  bool excludes = false;
  for (const auto& constraint : constraints) {
    if (constraint.comparator == Comparator::not_equal) excludes = true;
    else bounds.push_back(constraint);
  }
  sort_by_version(bounds, range.scheme);
  simplify(bounds);
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto& [comparator, version] = bounds[i];
    if (comparator == Comparator::equal) {
      range.exact.push_back(version);
    } else if (is_upper(comparator)) {  // a lower bound before it has taken it already
      range.intervals.push_back({.upper = version, .upper_inclusive = comparator == Comparator::less_or_equal});
    } else {
      Interval interval{.lower = version, .lower_inclusive = comparator == Comparator::greater_or_equal};
      if (i + 1 < bounds.size() && is_upper(bounds[i + 1].comparator)) {
        interval.upper = bounds[i + 1].version;
        interval.upper_inclusive = bounds[i + 1].comparator == Comparator::less_or_equal;
        ++i;
      }
      range.intervals.push_back(std::move(interval));
    }
  }
  if (bounds.empty() && excludes) range.intervals.push_back({});  // "!=1" alone is everything else
  for (const auto& constraint : constraints)
    if (constraint.comparator == Comparator::not_equal) exclude(range, constraint.version);
  return range;
}

}  // namespace hf::vuln
