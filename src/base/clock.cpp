#include "base/clock.h"

#include <fmt/core.h>

namespace hf {
namespace {

auto refuse() { return fail(ErrorKind::invalid, "HF-TIME-0001", "not an RFC 3339 time such as 2026-11-23T09:30:00Z"); }

// Digits at [at, at + count), or -1.
int number(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

Time SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string format_rfc3339(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  auto text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(date.year()), unsigned(date.month()), unsigned(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto fraction = clock.subseconds().count(); fraction != 0) text += fmt::format(".{:06}", fraction);
  return text + "Z";
}

Result<Time> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const int y = number(text, 0, 4), m = number(text, 5, 2), d = number(text, 8, 2);
  if (y < 0 || m < 0 || d < 0 || text[4] != '-' || text[7] != '-') return refuse();
  const year_month_day date{year(y), month(unsigned(m)), day(unsigned(d))};
  if (!date.ok()) return refuse();
  if (text.size() == 10) return Time(sys_days(date));
  if (text.size() < 20 || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) return refuse();
  const int hh = number(text, 11, 2), mm = number(text, 14, 2), ss = number(text, 17, 2);
  if (hh < 0 || hh > 23 || mm < 0 || mm > 59 || ss < 0 || ss > 60 || text[13] != ':' || text[16] != ':')
    return refuse();
  std::size_t at = 19;
  std::int64_t fraction = 0;
  if (text[at] == '.') {
    std::int64_t unit = 100'000;
    const auto first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
      fraction += (text[at] - '0') * unit;
    if (at == first) return refuse();
  }
  auto offset = minutes(0);
  if (at + 1 == text.size() && (text[at] == 'Z' || text[at] == 'z')) {
  } else if (at + 6 == text.size() && (text[at] == '+' || text[at] == '-') && text[at + 3] == ':') {
    const int oh = number(text, at + 1, 2), om = number(text, at + 4, 2);
    if (oh < 0 || oh > 23 || om < 0 || om > 59) return refuse();
    offset = minutes(oh * 60 + om) * (text[at] == '-' ? -1 : 1);
  } else {
    return refuse();
  }
  return Time(sys_days(date)) + hours(hh) + minutes(mm) + seconds(ss) + microseconds(fraction) - offset;
}

}  // namespace hf
