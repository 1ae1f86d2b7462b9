// Portage (PMS 8 section 3.3) and apk-tools, which took its syntax: numbers, a letter, _suffixes, a revision.
#include <array>

#include "vuln/version/orders.h"

namespace hf::vuln::orders {
namespace {

constexpr std::array<std::string_view, 10> kSuffixes{"alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"};
constexpr int kNoSuffix = 4;

int suffix_of(std::string_view word) {
  for (int i = 0; i < static_cast<int>(kSuffixes.size()); ++i)
    if (!word.empty() && kSuffixes[static_cast<std::size_t>(i)] == word) return i;
  return -1;
}

struct Parts {
  std::string_view numbers, letter, suffixes, hash, revision;
};

std::optional<Parts> parse(std::string_view text, bool apk) {
  Parts parts;
  const auto whole = text;
  do {
    if (take_digits(text).empty()) return std::nullopt;
  } while (take_if(text, '.'));
  parts.numbers = whole.substr(0, whole.size() - text.size());
  if (!text.empty() && is_alpha(text.front())) {
    if (text.front() != lower(text.front())) return std::nullopt;
    parts.letter = text.substr(0, 1);
    text.remove_prefix(1);
  }
  const auto from = text;
  while (take_if(text, '_')) {
    const int suffix = suffix_of(take_alpha(text));
    if (suffix < 0 || (!apk && suffix > kNoSuffix && suffix != 9)) return std::nullopt;
    take_digits(text);
  }
  parts.suffixes = from.substr(0, from.size() - text.size());
  if (apk && take_if(text, '~')) {  // a commit hash; orders nothing but equal ones
    parts.hash = take_while(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
    if (parts.hash.empty()) return std::nullopt;
  }
  if (text.starts_with("-r")) {
    text.remove_prefix(2);
    parts.revision = take_digits(text);
    if (parts.revision.empty()) return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  return parts;
}

// Numbers after the first with a leading zero are decimal fractions: 1.01 < 1.1.
std::strong_ordering compare_fractions(std::string_view a, std::string_view b, bool trim) {
  if (!a.starts_with('0') && !b.starts_with('0')) return compare_numbers(a, b);
  while (trim && a.ends_with('0')) a.remove_suffix(1);
  while (trim && b.ends_with('0')) b.remove_suffix(1);
  return sign(a.compare(b));
}

std::strong_ordering compare_dotted(std::string_view a, std::string_view b, bool trim) {
  if (const auto order = compare_numbers(take_digits(a), take_digits(b)); order != 0) return order;
  while (take_if(a, '.') & take_if(b, '.')) {
    if (const auto order = compare_fractions(take_digits(a), take_digits(b), trim); order != 0) return order;
    if (a.empty() || b.empty()) break;
  }
  return kEqual;
}

std::size_t count_dots(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '.'));
}

std::strong_ordering compare_suffixes(std::string_view a, std::string_view b, bool number_must_match) {
  while (!a.empty() || !b.empty()) {
    const auto take = [](std::string_view& text, std::string_view& number) {
      if (!take_if(text, '_')) return kNoSuffix;
      const int suffix = suffix_of(take_alpha(text));
      number = take_digits(text);
      return suffix;
    };
    std::string_view m, n;
    const int x = take(a, m), y = take(b, n);
    if (x != y) return x <=> y;
    if (number_must_match && m.empty() != n.empty()) return m.empty() ? kLess : kGreater;
    if (const auto order = compare_numbers(m, n); order != 0) return order;
  }
  return kEqual;
}

}  // namespace

Order gentoo(std::string_view a, std::string_view b) {
  const auto x = parse(a, false), y = parse(b, false);
  if (!x || !y) return std::nullopt;
  if (const auto order = compare_dotted(x->numbers, y->numbers, true); order != 0) return order;
  if (const auto order = count_dots(x->numbers) <=> count_dots(y->numbers); order != 0) return order;
  if (const auto order = sign(x->letter.compare(y->letter)); order != 0) return order;
  if (const auto order = compare_suffixes(x->suffixes, y->suffixes, false); order != 0) return order;
  return compare_numbers(x->revision, y->revision);
}

// apk_version_compare of apk-tools 2.14/3: token by token; the longer one is newer, unless a pre-release suffix
// makes it longer.
Order apk(std::string_view a, std::string_view b) {
  const auto x = parse(a, true), y = parse(b, true);
  if (!x || !y) return std::nullopt;
  if (const auto order = compare_dotted(x->numbers, y->numbers, false); order != 0) return order;
  if (const auto order = count_dots(x->numbers) <=> count_dots(y->numbers); order != 0) return order;
  if (const auto order = sign(x->letter.compare(y->letter)); order != 0) return order;
  if (const auto order = compare_suffixes(x->suffixes, y->suffixes, true); order != 0) return order;
  if (x->hash.empty() != y->hash.empty()) return x->hash.empty() ? kLess : kGreater;
  if (const auto order = sign(x->hash.compare(y->hash)); order != 0) return order;
  if (x->revision.empty() != y->revision.empty()) return x->revision.empty() ? kLess : kGreater;
  return compare_numbers(x->revision, y->revision);
}

}  // namespace hf::vuln::orders
