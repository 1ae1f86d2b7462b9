// dpkg, rpm and pacman: epoch, upstream version and package revision.
#include "vuln/version/orders.h"

namespace hf::vuln::orders {
namespace {

struct Evr {
  std::string_view epoch, version, release;
  bool has_release = false;
};

// [EPOCH:]VERSION[-RELEASE], split at the first ':' and the last '-'.
std::optional<Evr> split(std::string_view text) {
  Evr evr;
  if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    evr.epoch = text.substr(0, colon);
    if (!all_digits(evr.epoch)) return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  if (const auto dash = text.rfind('-'); dash != std::string_view::npos) {
    evr.has_release = true;
    evr.release = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  evr.version = text;
  if (evr.version.empty()) return std::nullopt;
  return evr;
}

bool made_of(std::string_view text, std::string_view extra) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_alnum(c) || extra.find(c) != std::string_view::npos; });
}

// deb-version(7): '~' before the end, the end before letters, letters before the rest.
int rank(char c) {
  if (c == '~') return -1;
  if (is_digit(c)) return 0;
  if (is_alpha(c)) return static_cast<unsigned char>(c);
  return static_cast<unsigned char>(c) + 256;
}

std::strong_ordering dpkg_part(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    while ((!a.empty() && !is_digit(a.front())) || (!b.empty() && !is_digit(b.front()))) {
      const int x = a.empty() ? 0 : rank(a.front());
      const int y = b.empty() ? 0 : rank(b.front());
      if (x != y) return x <=> y;
      if (!a.empty()) a.remove_prefix(1);
      if (!b.empty()) b.remove_prefix(1);
    }
    if (const auto order = compare_numbers(take_digits(a), take_digits(b)); order != 0) return order;
  }
  return kEqual;
}

// rpmvercmp of rpm 4.15 and later: '~' sorts before the end, '^' after it and before everything else.
std::strong_ordering rpm_part(std::string_view a, std::string_view b) {
  const auto separator = [](char c) { return !is_alnum(c) && c != '~' && c != '^'; };
  while (!a.empty() || !b.empty()) {
    take_while(a, separator);
    take_while(b, separator);
    const bool a_tilde = a.starts_with('~'), b_tilde = b.starts_with('~');
    if (a_tilde || b_tilde) {
      if (a_tilde != b_tilde) return a_tilde ? kLess : kGreater;
      a.remove_prefix(1);
      b.remove_prefix(1);
      continue;
    }
    const bool a_caret = a.starts_with('^'), b_caret = b.starts_with('^');
    if (a_caret || b_caret) {
      if (a.empty()) return kLess;
      if (b.empty()) return kGreater;
      if (a_caret != b_caret) return a_caret ? kLess : kGreater;
      a.remove_prefix(1);
      b.remove_prefix(1);
      continue;
    }
    if (a.empty() || b.empty()) break;
    const bool number = is_digit(a.front());
    if (number != is_digit(b.front())) return number ? kGreater : kLess;  // a number is newer than a word
    const auto x = number ? take_digits(a) : take_alpha(a);
    const auto y = number ? take_digits(b) : take_alpha(b);
    if (const auto order = number ? compare_numbers(x, y) : sign(x.compare(y)); order != 0) return order;
  }
  return a.empty() ? (b.empty() ? kEqual : kLess) : kGreater;
}

// pacman's vercmp: an old rpmvercmp in which the length of separators counts and a trailing word is older.
std::strong_ordering pacman_part(std::string_view a, std::string_view b) {
  const auto separator = [](char c) { return !is_alnum(c); };
  if (a == b) return kEqual;
  while (!a.empty() && !b.empty()) {
    const auto x_gap = take_while(a, separator), y_gap = take_while(b, separator);
    if (a.empty() || b.empty()) break;
    if (x_gap.size() != y_gap.size()) return x_gap.size() <=> y_gap.size();
    const bool number = is_digit(a.front());
    if (number != is_digit(b.front())) return number ? kGreater : kLess;
    const auto x = number ? take_digits(a) : take_alpha(a);
    const auto y = number ? take_digits(b) : take_alpha(b);
    if (const auto order = number ? compare_numbers(x, y) : sign(x.compare(y)); order != 0) return order;
  }
  if (a.empty() && b.empty()) return kEqual;
  if ((a.empty() && !is_alpha(b.front())) || (!a.empty() && is_alpha(a.front()))) return kLess;
  return kGreater;
}

}  // namespace

Order deb(std::string_view a, std::string_view b) {
  const auto x = split(a), y = split(b);
  if (!x || !y) return std::nullopt;
  for (const auto& v : {*x, *y})
    if (!made_of(v.version, ".+-~:") || !made_of(v.release, ".+~")) return std::nullopt;
  if (const auto order = compare_numbers(x->epoch, y->epoch); order != 0) return order;
  if (const auto order = dpkg_part(x->version, y->version); order != 0) return order;
  return dpkg_part(x->release, y->release);  // an absent revision is "0" (deb-version(7))
}

Order rpm(std::string_view a, std::string_view b) {
  const auto x = split(a), y = split(b);
  if (!x || !y) return std::nullopt;
  for (const auto& v : {*x, *y})
    if (!made_of(v.version, "._+~^") || !made_of(v.release, "._+~^")) return std::nullopt;
  if (const auto order = compare_numbers(x->epoch, y->epoch); order != 0) return order;
  if (const auto order = rpm_part(x->version, y->version); order != 0) return order;
  // rpm ignores the release if one side has none, which is no order at all (1-1 = 1 = 1-2); we sort "none" first.
  if (x->has_release != y->has_release) return x->has_release ? kGreater : kLess;
  return rpm_part(x->release, y->release);
}

Order alpm(std::string_view a, std::string_view b) {
  const auto x = split(a), y = split(b);
  if (!x || !y) return std::nullopt;
  for (const auto& v : {*x, *y})
    if (!made_of(v.version, "._+~@") || !made_of(v.release, ".")) return std::nullopt;
  if (const auto order = compare_numbers(x->epoch, y->epoch); order != 0) return order;
  if (const auto order = pacman_part(x->version, y->version); order != 0) return order;
  // vercmp(8): the release counts only if both have one. Not transitive, but the ecosystem's own rule.
  return x->has_release && y->has_release ? pacman_part(x->release, y->release) : kEqual;
}

}  // namespace hf::vuln::orders
