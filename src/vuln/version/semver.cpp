// Semantic Versioning 2.0.0 and the ecosystems that follow it with tolerances of their own.
//
// Advisory data write "1.2" and "v1.2.3" where the standard asks for three bare parts. A missing part is 0 and a
// leading 'v' is dropped everywhere: refusing them would turn a decidable range into an unknown one.
#include <array>

#include "vuln/version/orders.h"

namespace hf::vuln::orders {
namespace {

struct Semver {
  std::array<std::string_view, 4> parts;
  std::string_view pre;  // without the '-'; empty for a release
};

bool is_identifiers(std::string_view text) {
  bool empty = true;
  for (const char c : text) {
    if (c == '.') {
      if (empty) return false;
      empty = true;
    } else if (is_alnum(c) || c == '-' || c == '_') {
      empty = false;
    } else {
      return false;
    }
  }
  return !empty;
}

// `attached`: "1.2.3beta1" is the pre-release beta1 (node-semver's loose mode, Go's "1.21rc2").
std::optional<Semver> parse(std::string_view text, std::size_t parts_max, bool attached) {
  Semver version;
  text = without_v(text);
  for (std::size_t i = 0;; ++i) {
    if (i == parts_max) return std::nullopt;
    version.parts[i] = take_digits(text);
    if (version.parts[i].empty()) return std::nullopt;
    if (!take_if(text, '.')) break;
  }
  if (const auto plus = text.find('+'); plus != std::string_view::npos) {
    if (!is_identifiers(text.substr(plus + 1))) return std::nullopt;
    text = text.substr(0, plus);  // build metadata has no say (clause 10)
  }
  if (text.empty()) return version;
  if (!take_if(text, '-') && !(attached && is_alpha(text.front()))) return std::nullopt;
  if (!is_identifiers(text)) return std::nullopt;
  version.pre = text;
  return version;
}

// Clause 11.4: numbers below words, numbers by value, words by bytes, more identifiers above fewer.
std::strong_ordering compare_pre(std::string_view a, std::string_view b, bool fold) {
  if (a.empty() || b.empty()) return b.empty() ? (a.empty() ? kEqual : kLess) : kGreater;
  while (!a.empty() && !b.empty()) {
    const auto not_dot = [](char c) { return c != '.'; };
    const auto x = take_while(a, not_dot), y = take_while(b, not_dot);
    take_if(a, '.');
    take_if(b, '.');
    const bool x_number = all_digits(x), y_number = all_digits(y);
    if (x_number != y_number) return x_number ? kLess : kGreater;
    const auto order = x_number ? compare_numbers(x, y) : fold ? compare_folded(x, y) : sign(x.compare(y));
    if (order != 0) return order;
  }
  return a.empty() ? (b.empty() ? kEqual : kLess) : kGreater;
}

Order compare(std::string_view a, std::string_view b, std::size_t parts_max, bool attached, bool fold) {
  const auto x = parse(a, parts_max, attached), y = parse(b, parts_max, attached);
  if (!x || !y) return std::nullopt;
  for (std::size_t i = 0; i < x->parts.size(); ++i)
    if (const auto order = compare_numbers(x->parts[i], y->parts[i]); order != 0) return order;
  return compare_pre(x->pre, y->pre, fold);
}

std::string_view without(std::string_view text, std::string_view prefix) {
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return text;
}

}  // namespace

Order semver(std::string_view a, std::string_view b) { return compare(a, b, 3, false, false); }

Order npm(std::string_view a, std::string_view b) { return compare(without(a, "="), without(b, "="), 3, true, false); }

// A pseudo-version (v0.0.0-20191109021931-daa7c04131f5) and "+incompatible" are ordinary semver; the toolchain and
// the standard library write "go1.21.3" and "go1.21rc2".
Order golang(std::string_view a, std::string_view b) {
  return compare(without(a, "go"), without(b, "go"), 3, true, false);
}

// NuGet: a fourth part, and pre-release identifiers without case.
Order nuget(std::string_view a, std::string_view b) { return compare(a, b, 4, false, true); }

}  // namespace hf::vuln::orders
