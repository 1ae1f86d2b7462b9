// Maven's ComparableVersion (maven-artifact 3.9): a tree of numbers, words and lists.
//
//   alpha < beta < milestone < rc = cr < snapshot < "" = ga = final = release < sp < any other word < a number
//   '-' and every change between digits and letters opens a nested list; trailing nulls of each list are dropped
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "vuln/version/orders.h"

namespace hf::vuln::orders {
namespace {

constexpr std::size_t kBytesMax = 512;  // nesting follows the text's length

enum class Kind { number, word, combination, list };

struct Item {
  Kind kind = Kind::list;
  std::string text;         // number without leading zeros ("" is 0), or word
  std::string count;        // combination: the number that follows the word
  std::vector<Item> items;  // list
};

std::string rank(std::string_view word) {
  static constexpr std::array<std::string_view, 7> kQualifiers{"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"};
  for (std::size_t i = 0; i < kQualifiers.size(); ++i)
    if (kQualifiers[i] == word) return std::string(1, static_cast<char>('0' + i));
  return "7-" + std::string(word);
}
constexpr std::string_view kRelease = "5";

std::string canonical_word(std::string_view word, bool before_digit) {
  if (before_digit && word == "a") return "alpha";
  if (before_digit && word == "b") return "beta";
  if (before_digit && word == "m") return "milestone";
  if (word == "cr") return "rc";
  if (word == "ga" || word == "final" || word == "release") return "";
  return std::string(word);
}

Item number(std::string_view digits) {
  while (!digits.empty() && digits.front() == '0') digits.remove_prefix(1);
  return {Kind::number, std::string(digits), {}, {}};
}

Item parse_item(bool combination, bool digits, std::string_view text) {
  if (combination) {
    std::string joined;
    for (const char c : text)
      if (c != '-') joined += c;
    std::string_view rest = joined;
    const auto word = take_while(rest, [](char c) { return !is_digit(c); });
    return {Kind::combination, canonical_word(word, true), number(rest).text, {}};
  }
  return digits ? number(text) : Item{Kind::word, canonical_word(text, false), {}, {}};
}

bool is_null(const Item& item) {
  switch (item.kind) {
    case Kind::number: return item.text.empty();
    case Kind::word: return item.text.empty();
    case Kind::combination: return false;
    case Kind::list: return item.items.empty();
  }
  return false;
}

void normalize(Item& list) {
  auto& items = list.items;
  for (std::size_t i = items.size(); i-- > 0;) {
    if (is_null(items[i])) {
      if (i == items.size() - 1 || items[i + 1].kind == Kind::word || items[i + 1].kind == Kind::combination) {
        items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
      } else if (items[i + 1].kind == Kind::list) {
        const auto& inner = items[i + 1].items;
        if (!inner.empty() && (inner.front().kind == Kind::combination || inner.front().kind == Kind::word))
          items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
      }
    } else if (items[i].kind != Kind::list) {
      break;
    }
  }
}

// Nested lists only ever open at the end of the innermost one, so a path of depth counts is enough.
class Builder {
 public:
  void add(Item item) { innermost().items.push_back(std::move(item)); }
  void open_if_not_empty() {
    if (!innermost().items.empty()) open();
  }
  void open() {
    innermost().items.push_back({});
    ++depth_;
  }
  [[nodiscard]] bool innermost_is_empty() { return innermost().items.empty(); }
  Item finish() {
    for (std::size_t depth = depth_ + 1; depth-- > 0;) {
      Item* list = &root_;
      for (std::size_t i = 0; i < depth; ++i) list = &list->items.back();
      normalize(*list);
      // A list that became empty is dropped by its parent's normalize; stop descending into it.
    }
    return std::move(root_);
  }

 private:
  Item& innermost() {
    Item* list = &root_;
    for (std::size_t i = 0; i < depth_; ++i) list = &list->items.back();
    return *list;
  }
  Item root_{};
  std::size_t depth_ = 0;
};

Item parse(std::string_view version) {
  std::string folded;
  for (const char c : version) folded += lower(c);
  const std::string_view text = folded;
  Builder tree;
  bool digits = false, combination = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.') {
      tree.add(i == start ? number("0") : parse_item(combination, digits, text.substr(start, i - start)));
      combination = false;
      start = i + 1;
    } else if (c == '-') {
      if (i == start) {
        tree.add(number("0"));
      } else {
        // "X-1" is the combination X1.
        if (!digits && i + 1 < text.size() && is_digit(text[i + 1])) {
          combination = true;
          continue;
        }
        tree.add(parse_item(combination, digits, text.substr(start, i - start)));
      }
      start = i + 1;
      tree.open_if_not_empty();
      combination = false;
    } else if (is_digit(c)) {
      if (!digits && i > start) {
        combination = true;
        tree.open_if_not_empty();
      }
      digits = true;
    } else {
      if (digits && i > start) {
        tree.add(parse_item(combination, true, text.substr(start, i - start)));
        start = i;
        tree.open();
        combination = false;
      }
      digits = false;
    }
  }
  if (text.size() > start) {
    // "1.0.0.x" is treated as "1.0.0-x".
    if (!digits) tree.open_if_not_empty();
    tree.add(parse_item(combination, digits, text.substr(start)));
  }
  return tree.finish();
}

std::strong_ordering compare_items(const Item* a, const Item* b);

std::strong_ordering against_null(const Item& item) {
  switch (item.kind) {
    case Kind::number: return item.text.empty() ? kEqual : kGreater;
    case Kind::word:
    case Kind::combination: return sign(rank(item.text).compare(kRelease));
    case Kind::list:
      for (const auto& inner : item.items)
        if (const auto order = against_null(inner); order != 0) return order;
      return kEqual;
  }
  return kEqual;
}

std::strong_ordering compare_words(const Item& a, const Item& b) {
  if (const auto order = sign(rank(a.text).compare(rank(b.text))); order != 0) return order;
  // A word alone stands before the same word with a number; two words are equal.
  if (a.kind != b.kind) return a.kind == Kind::word ? kLess : kGreater;
  return compare_numbers(a.count, b.count);
}

std::strong_ordering reverse(std::strong_ordering order) { return 0 <=> order; }

std::strong_ordering compare_items(const Item* a, const Item* b) {
  if (!a || !b) return a ? against_null(*a) : b ? reverse(against_null(*b)) : kEqual;
  const auto is_word = [](const Item& i) { return i.kind == Kind::word || i.kind == Kind::combination; };
  if (is_word(*a) && is_word(*b)) return compare_words(*a, *b);
  if (a->kind == Kind::number && b->kind == Kind::number) return compare_numbers(a->text, b->text);
  if (a->kind == Kind::list && b->kind == Kind::list) {
    for (std::size_t i = 0; i < std::max(a->items.size(), b->items.size()); ++i) {
      const auto* x = i < a->items.size() ? &a->items[i] : nullptr;
      const auto* y = i < b->items.size() ? &b->items[i] : nullptr;
      if (const auto order = compare_items(x, y); order != 0) return order;
    }
    return kEqual;
  }
  const auto height = [&](const Item& i) { return is_word(i) ? 0 : i.kind == Kind::list ? 1 : 2; };  // word < list < number
  return height(*a) <=> height(*b);
}

bool is_maven(std::string_view text) {
  // Maven orders any text at all; a text without a number is somebody's prose.
  return text.size() <= kBytesMax && std::any_of(text.begin(), text.end(), is_digit) &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '[' && c != ']' && c != '(' && c != ')' && c != ','; });
}

}  // namespace

Order maven(std::string_view a, std::string_view b) {
  if (!is_maven(a) || !is_maven(b)) return std::nullopt;
  const auto x = parse(a), y = parse(b);
  return compare_items(&x, &y);
}

}  // namespace hf::vuln::orders
