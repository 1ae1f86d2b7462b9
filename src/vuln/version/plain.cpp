// Orders that need no knowledge of releases: dotted numbers, RFC 3339, bytes, and none at all.
#include <array>
#include <cstdint>

#include "vuln/version/orders.h"

namespace hf::vuln::orders {
namespace {

// Days since 1970-01-01 of the proleptic Gregorian calendar (H. Hinnant, "chrono-compatible low-level date
// algorithms").
constexpr std::int64_t days_of(std::int64_t y, std::int64_t m, std::int64_t d) {
  y -= m <= 2;
  const auto era = (y >= 0 ? y : y - 399) / 400;
  const auto of_era = y - era * 400;
  const auto of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct Instant {
  std::int64_t seconds = 0;
  std::string_view fraction;  // digits after the point, without trailing zeros
};

std::optional<int> number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits || !all_digits(text.substr(0, digits))) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) value = value * 10 + (c - '0');
  text.remove_prefix(digits);
  return value;
}

// RFC 3339 section 5.6 date-time; 'T' and 'Z' in upper case, as VERS demands.
std::optional<Instant> instant(std::string_view text) {
  const auto year = number(text, 4);
  if (!year || !take_if(text, '-')) return std::nullopt;
  const auto month = number(text, 2);
  if (!month || !take_if(text, '-')) return std::nullopt;
  const auto day = number(text, 2);
  if (!day || !take_if(text, 'T')) return std::nullopt;
  const auto hour = number(text, 2);
  if (!hour || !take_if(text, ':')) return std::nullopt;
  const auto minute = number(text, 2);
  if (!minute || !take_if(text, ':')) return std::nullopt;
  const auto second = number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60 || *month < 1 || *month > 12 || *day < 1)
    return std::nullopt;
  static constexpr std::array<int, 12> kDays{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = *year % 4 == 0 && (*year % 100 != 0 || *year % 400 == 0);
  if (*day > kDays[static_cast<std::size_t>(*month - 1)] || (*month == 2 && *day == 29 && !leap)) return std::nullopt;

  Instant result;
  if (take_if(text, '.')) {
    result.fraction = take_digits(text);
    if (result.fraction.empty()) return std::nullopt;
    while (result.fraction.ends_with('0')) result.fraction.remove_suffix(1);
  }
  std::int64_t offset = 0;
  if (!take_if(text, 'Z')) {
    const int direction = text.starts_with('-') ? -1 : 1;
    if (!take_if(text, '-') && !take_if(text, '+')) return std::nullopt;
    const auto h = number(text, 2);
    if (!h || !take_if(text, ':')) return std::nullopt;
    const auto m = number(text, 2);
    if (!m || *h > 23 || *m > 59) return std::nullopt;
    offset = direction * (*h * 3600 + *m * 60);
  }
  if (!text.empty()) return std::nullopt;
  result.seconds = days_of(*year, *month, *day) * 86400 + *hour * 3600 + *minute * 60 + *second - offset;
  return result;
}

bool is_dotted(std::string_view text) {
  do {
    if (take_digits(text).empty()) return false;
    if (text.empty()) return true;
  } while (take_if(text, '.'));
  return false;
}

}  // namespace

Order intdot(std::string_view a, std::string_view b) {
  a = without_v(a);
  b = without_v(b);
  if (!is_dotted(a) || !is_dotted(b)) return std::nullopt;
  while (!a.empty() || !b.empty()) {  // a missing part is 0
    if (const auto order = compare_numbers(take_digits(a), take_digits(b)); order != 0) return order;
    take_if(a, '.');
    take_if(b, '.');
  }
  return kEqual;
}

Order datetime(std::string_view a, std::string_view b) {
  const auto x = instant(a), y = instant(b);
  if (!x || !y) return std::nullopt;
  if (x->seconds != y->seconds) return x->seconds <=> y->seconds;
  return sign(x->fraction.compare(y->fraction));  // fractions are left-aligned digits
}

// UTF-8 keeps the order of code points.
Order lexicographic(std::string_view a, std::string_view b) { return sign(a.compare(b)); }

Order opaque(std::string_view a, std::string_view b) { return a == b ? Order(kEqual) : std::nullopt; }

}  // namespace hf::vuln::orders
