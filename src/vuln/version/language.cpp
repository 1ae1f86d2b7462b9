// Python (PEP 440), RubyGems and Composer.
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "vuln/version/orders.h"

namespace hf::vuln::orders {
namespace {

// --- PEP 440, appendix B's grammar and the normal forms of "Normalization" ---

struct Pep440 {
  std::string_view epoch, release, pre_number, post_number, dev_number, local;
  int pre = 0;  // 1 a, 2 b, 3 rc
  bool has_post = false, has_dev = false;
};

bool take_word(std::string_view& text, std::string_view word) {
  if (text.size() < word.size() || !equal_folded(text.substr(0, word.size()), word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::string_view after_separator(std::string_view text) {
  if (!text.empty() && (text[0] == '.' || text[0] == '-' || text[0] == '_')) text.remove_prefix(1);
  return text;
}

// [SEPARATOR]WORD[SEPARATOR][N]: the grammar takes a separator with no number behind it ("1.0rc-").
template <std::size_t N>
int take_label(std::string_view& text, const std::array<std::pair<std::string_view, int>, N>& labels,
               std::string_view& number) {
  auto rest = after_separator(text);
  for (const auto& [word, value] : labels) {
    if (!take_word(rest, word)) continue;
    text = after_separator(rest);
    number = take_digits(text);
    return value;
  }
  return 0;
}

constexpr std::array<std::pair<std::string_view, int>, 8> kPre{
    {{"alpha", 1}, {"a", 1}, {"beta", 2}, {"b", 2}, {"preview", 3}, {"pre", 3}, {"rc", 3}, {"c", 3}}};
constexpr std::array<std::pair<std::string_view, int>, 3> kPost{{{"post", 1}, {"rev", 1}, {"r", 1}}};
constexpr std::array<std::pair<std::string_view, int>, 1> kDev{{{"dev", 1}}};

std::optional<Pep440> parse_pep440(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n')) text.remove_suffix(1);
  text = without_v(text);
  Pep440 version;
  auto digits = take_digits(text);
  if (!digits.empty() && take_if(text, '!')) {
    version.epoch = digits;
    digits = take_digits(text);
  }
  if (digits.empty()) return std::nullopt;
  const char* const begin = digits.data();
  while (text.size() > 1 && text[0] == '.' && is_digit(text[1])) {
    text.remove_prefix(1);
    take_digits(text);
  }
  version.release = {begin, static_cast<std::size_t>(text.data() - begin)};
  version.pre = take_label(text, kPre, version.pre_number);
  if (text.size() > 1 && text[0] == '-' && is_digit(text[1])) {  // the implicit post-release "1.0-1"
    text.remove_prefix(1);
    version.post_number = take_digits(text);
    version.has_post = true;
  } else {
    version.has_post = take_label(text, kPost, version.post_number) != 0;
  }
  version.has_dev = take_label(text, kDev, version.dev_number) != 0;
  if (take_if(text, '+')) {
    version.local = text;
    bool part = false;
    for (const char c : text) {
      const bool separator = c == '.' || c == '-' || c == '_';
      if (separator ? !part : !is_alnum(c)) return std::nullopt;
      part = !separator;
    }
    if (!part) return std::nullopt;
    text = {};
  }
  if (!text.empty()) return std::nullopt;
  return version;
}

std::strong_ordering compare_releases(std::string_view a, std::string_view b) {
  while (!a.empty() || !b.empty()) {
    if (const auto order = compare_numbers(take_digits(a), take_digits(b)); order != 0) return order;
    take_if(a, '.');
    take_if(b, '.');
  }
  return kEqual;
}

// Numbers above words, longer above its own beginning.
std::strong_ordering compare_locals(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const auto x = take_while(a, is_alnum), y = take_while(b, is_alnum);
    const bool x_number = all_digits(x), y_number = all_digits(y);
    if (x_number != y_number) return x_number ? kGreater : kLess;
    if (const auto order = x_number ? compare_numbers(x, y) : compare_folded(x, y); order != 0) return order;
    a = after_separator(a);
    b = after_separator(b);
  }
  return a.empty() ? (b.empty() ? kEqual : kLess) : kGreater;
}

// --- RubyGems: Gem::Version#<=> on canonical segments ---

using Segments = std::vector<std::string_view>;

// Gem::Version::VERSION_PATTERN: N(.ALNUM)*, then optionally '-' and dotted parts that may hold more dashes.
bool is_gem(std::string_view text) {
  const auto is_part = [](char c) { return is_alnum(c) || c == '-'; };
  const auto dash = text.find('-');
  auto base = text.substr(0, dash);
  if (take_digits(base).empty()) return false;
  while (take_if(base, '.'))
    if (take_while(base, is_alnum).empty()) return false;
  if (!base.empty()) return false;
  if (dash == std::string_view::npos) return true;
  auto rest = text.substr(dash + 1);
  do {
    if (take_while(rest, is_part).empty()) return false;
  } while (take_if(rest, '.'));
  return rest.empty();
}

void drop_zeros(Segments& segments, std::size_t from) {
  while (segments.size() > from && all_digits(segments.back()) &&
         segments.back().find_first_not_of('0') == std::string_view::npos)
    segments.pop_back();
}

Segments gem_segments(std::string_view text) {
  Segments segments;
  bool words = false;
  while (!text.empty()) {
    const char c = text.front();
    if (is_digit(c)) {
      segments.push_back(take_digits(text));
    } else if (is_alpha(c) || c == '-') {
      if (!words) drop_zeros(segments, 0);
      words = true;
      if (c == '-') {  // "-" is ".pre."
        segments.push_back("pre");
        text.remove_prefix(1);
      } else {
        segments.push_back(take_alpha(text));
      }
    } else {
      text.remove_prefix(1);
    }
  }
  drop_zeros(segments, 0);
  return segments;
}

// --- Composer: VersionParser::normalize, then version_compare ---

struct Composer {
  std::array<std::string_view, 4> parts;
  int stability = 4;  // 1 alpha, 2 beta, 3 RC, 4 stable, 5 patch
  std::string_view count;
  bool dev = false;
};

constexpr std::array<std::pair<std::string_view, int>, 9> kStability{
    {{"stable", 4}, {"alpha", 1}, {"a", 1}, {"beta", 2}, {"b", 2}, {"rc", 3}, {"patch", 5}, {"pl", 5}, {"p", 5}}};

std::optional<Composer> parse_composer(std::string_view text) {
  text = without_v(text);
  text = text.substr(0, text.find('+'));
  Composer version;
  version.parts.fill("0");
  for (std::size_t i = 0;; ++i) {
    if (i == version.parts.size()) return std::nullopt;
    if (i > 0 && !text.empty() && (text[0] == 'x' || text[0] == '*')) {  // the branch 2.x-dev is above all of 2
      for (std::size_t rest = i; rest < version.parts.size(); ++rest) version.parts[rest] = "9999999";
      text.remove_prefix(1);
      if (!take_word(text, "-dev") || !text.empty()) return std::nullopt;
      version.dev = true;
      return version;
    }
    version.parts[i] = take_digits(text);
    if (version.parts[i].empty()) return std::nullopt;
    if (text.size() < 2 || text[0] != '.' || !(is_digit(text[1]) || text[1] == 'x' || text[1] == '*')) break;
    text.remove_prefix(1);
  }
  bool stable = false;
  auto rest = after_separator(text);
  for (const auto& [word, stability] : kStability) {
    if (!take_word(rest, word)) continue;
    version.stability = stability;
    stable = stability == 4;
    const auto from = rest;
    while (true) {
      auto next = rest;
      if (!next.empty() && (next[0] == '.' || next[0] == '-')) next.remove_prefix(1);
      if (take_digits(next).empty()) break;
      rest = next;
    }
    version.count = from.substr(0, from.size() - rest.size());
    text = rest;
    break;
  }
  rest = after_separator(text);
  if (take_word(rest, "dev")) {
    version.dev = true;
    text = rest;
  }
  if (!text.empty()) return std::nullopt;
  if (version.stability == 4) version.count = {};  // "-stable3" is the release
  version.dev = version.dev && !stable;
  return version;
}

}  // namespace

Order pep440(std::string_view a, std::string_view b) {
  const auto x = parse_pep440(a), y = parse_pep440(b);
  if (!x || !y) return std::nullopt;
  if (const auto order = compare_numbers(x->epoch, y->epoch); order != 0) return order;
  if (const auto order = compare_releases(x->release, y->release); order != 0) return order;
  // "1.0.dev1" precedes every pre-release of 1.0; a release follows them.
  const auto pre = [](const Pep440& v) { return v.pre != 0 ? v.pre : !v.has_post && v.has_dev ? 0 : 4; };
  if (const auto order = pre(*x) <=> pre(*y); order != 0) return order;
  if (const auto order = compare_numbers(x->pre_number, y->pre_number); order != 0) return order;
  if (x->has_post != y->has_post) return x->has_post ? kGreater : kLess;
  if (const auto order = compare_numbers(x->post_number, y->post_number); order != 0) return order;
  if (x->has_dev != y->has_dev) return x->has_dev ? kLess : kGreater;
  if (const auto order = compare_numbers(x->dev_number, y->dev_number); order != 0) return order;
  return compare_locals(x->local, y->local);
}

Order gem(std::string_view a, std::string_view b) {
  if (!is_gem(a) || !is_gem(b)) return std::nullopt;
  const auto x = gem_segments(a), y = gem_segments(b);
  for (std::size_t i = 0; i < std::max(x.size(), y.size()); ++i) {
    const auto m = i < x.size() ? x[i] : std::string_view("0");
    const auto n = i < y.size() ? y[i] : std::string_view("0");
    const bool m_number = is_digit(m.front()), n_number = is_digit(n.front());
    if (m_number != n_number) return m_number ? kGreater : kLess;
    if (const auto order = m_number ? compare_numbers(m, n) : sign(m.compare(n)); order != 0) return order;
  }
  return kEqual;
}

Order composer(std::string_view a, std::string_view b) {
  const auto x = parse_composer(a), y = parse_composer(b);
  if (!x || !y) return std::nullopt;
  for (std::size_t i = 0; i < x->parts.size(); ++i)
    if (const auto order = compare_numbers(x->parts[i], y->parts[i]); order != 0) return order;
  const auto rank = [](const Composer& v) { return v.stability == 4 && v.dev ? 0 : v.stability; };
  if (const auto order = rank(*x) <=> rank(*y); order != 0) return order;
  auto m = x->count, n = y->count;
  while (!m.empty() || !n.empty()) {
    if (m.empty() != n.empty()) return m.empty() ? kLess : kGreater;
    m = after_separator(m);
    n = after_separator(n);
    if (const auto order = compare_numbers(take_digits(m), take_digits(n)); order != 0) return order;
  }
  if (x->dev != y->dev) return x->dev ? kLess : kGreater;
  return kEqual;
}

}  // namespace hf::vuln::orders
