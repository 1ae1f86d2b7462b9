// The order of each scheme, one function each; order.cpp chooses. Internal to version/.
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <optional>
#include <string_view>

namespace hf::vuln::orders {

using Order = std::optional<std::strong_ordering>;  // nullopt: one of the two is not a version of the scheme

inline constexpr auto kLess = std::strong_ordering::less;
inline constexpr auto kEqual = std::strong_ordering::equal;
inline constexpr auto kGreater = std::strong_ordering::greater;

// upstream.cpp
Order generic(std::string_view a, std::string_view b);
Order kernel(std::string_view a, std::string_view b);
Order calver(std::string_view a, std::string_view b);
Order openssl(std::string_view a, std::string_view b);
// plain.cpp
Order intdot(std::string_view a, std::string_view b);
Order datetime(std::string_view a, std::string_view b);
Order lexicographic(std::string_view a, std::string_view b);
Order opaque(std::string_view a, std::string_view b);
// semver.cpp
Order semver(std::string_view a, std::string_view b);
Order npm(std::string_view a, std::string_view b);
Order golang(std::string_view a, std::string_view b);
Order nuget(std::string_view a, std::string_view b);
// conan.cpp
Order conan(std::string_view a, std::string_view b);
// distro.cpp
Order deb(std::string_view a, std::string_view b);
Order rpm(std::string_view a, std::string_view b);
Order alpm(std::string_view a, std::string_view b);
// gentoo.cpp
Order apk(std::string_view a, std::string_view b);
Order gentoo(std::string_view a, std::string_view b);
// language.cpp
Order pep440(std::string_view a, std::string_view b);
Order gem(std::string_view a, std::string_view b);
Order composer(std::string_view a, std::string_view b);
// maven.cpp
Order maven(std::string_view a, std::string_view b);

// Versions are ASCII; <cctype> would ask the locale.
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
inline bool is_alpha(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
inline bool is_alnum(char c) { return is_digit(c) || is_alpha(c); }

inline std::strong_ordering sign(int value) { return value <=> 0; }

// Takes the longest prefix whose characters satisfy `keep`.
template <class Keep>
std::string_view take_while(std::string_view& text, Keep keep) {
  std::size_t n = 0;
  while (n < text.size() && keep(text[n])) ++n;
  const auto taken = text.substr(0, n);
  text.remove_prefix(n);
  return taken;
}
inline std::string_view take_digits(std::string_view& text) { return take_while(text, is_digit); }
inline std::string_view take_alpha(std::string_view& text) { return take_while(text, is_alpha); }

inline bool take_if(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

inline bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

// Decimal numbers of any length (dates and hashes overflow 64 bits in the field). "" is 0.
inline std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
  while (!a.empty() && a.front() == '0') a.remove_prefix(1);
  while (!b.empty() && b.front() == '0') b.remove_prefix(1);
  if (a.size() != b.size()) return a.size() <=> b.size();
  return sign(a.compare(b));
}

// ASCII case folded.
inline std::strong_ordering compare_folded(std::string_view a, std::string_view b) {
  const auto n = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < n; ++i)
    if (const auto x = lower(a[i]), y = lower(b[i]); x != y)
      return static_cast<unsigned char>(x) <=> static_cast<unsigned char>(y);
  return a.size() <=> b.size();
}

inline bool equal_folded(std::string_view a, std::string_view b) {
  return a.size() == b.size() && compare_folded(a, b) == 0;
}

// Drops a 'v' that stands before a digit.
inline std::string_view without_v(std::string_view text) {
  if (text.size() > 1 && lower(text[0]) == 'v' && is_digit(text[1])) text.remove_prefix(1);
  return text;
}

}  // namespace hf::vuln::orders
