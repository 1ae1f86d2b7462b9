// Conan 2: any number of parts, of any text; '-' a pre-release, '+' build metadata that counts.
#include "vuln/version/orders.h"

namespace hf::vuln::orders {
namespace {

struct Parts {
  std::string_view items, pre, build;
  bool has_pre = false, has_build = false;
};

Parts split(std::string_view text) {  // from the right, as Conan does
  Parts parts;
  if (const auto plus = text.rfind('+'); plus != std::string_view::npos) {
    parts.has_build = true;
    parts.build = text.substr(plus + 1);
    text = text.substr(0, plus);
  }
  if (const auto dash = text.rfind('-'); dash != std::string_view::npos) {
    parts.has_pre = true;
    parts.pre = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  parts.items = text;
  return parts;
}

bool is_zero(std::string_view item) {
  return all_digits(item) && item.find_first_not_of('0') == std::string_view::npos;
}

std::string_view without_trailing_zeros(std::string_view items) {
  while (true) {
    const auto dot = items.rfind('.');
    const auto last = dot == std::string_view::npos ? items : items.substr(dot + 1);
    if (!is_zero(last)) return items;
    if (dot == std::string_view::npos) return {};
    items = items.substr(0, dot);
  }
}

std::strong_ordering compare_items(std::string_view a, std::string_view b) {
  a = without_trailing_zeros(a);
  b = without_trailing_zeros(b);
  const auto not_dot = [](char c) { return c != '.'; };
  while (!a.empty() && !b.empty()) {
    const auto x = take_while(a, not_dot), y = take_while(b, not_dot);
    // A number and a word compare as texts, so that the order is no total one; it is the ecosystem's.
    const auto order = all_digits(x) && all_digits(y) ? compare_numbers(x, y) : sign(x.compare(y));
    if (order != 0) return order;
    take_if(a, '.');
    take_if(b, '.');
  }
  return a.empty() ? (b.empty() ? kEqual : kLess) : kGreater;
}

std::strong_ordering compare_qualifiers(bool has_a, std::string_view a, bool has_b, std::string_view b) {
  if (has_a != has_b) return has_a ? kGreater : kLess;
  return has_a ? compare_items(a, b) : kEqual;
}

bool is_conan(std::string_view text) {
  return !text.empty() && (is_alnum(text.front()) || text.front() == '_') &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '|' && c != ','; });
}

}  // namespace

Order conan(std::string_view a, std::string_view b) {
  if (!is_conan(a) || !is_conan(b)) return std::nullopt;
  const auto x = split(a), y = split(b);
  if (const auto order = compare_items(x.items, y.items); order != 0) return order;
  if (x.has_pre != y.has_pre) return x.has_pre ? kLess : kGreater;
  if (const auto order = compare_items(x.pre, y.pre); order != 0) return order;
  return compare_qualifiers(x.has_build, x.build, y.has_build, y.build);
}

}  // namespace hf::vuln::orders
