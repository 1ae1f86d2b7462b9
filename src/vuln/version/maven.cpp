// Maven's ComparableVersion (maven-artifact 3.8.7 and 3.9.9 agree with it): a tree of numbers, words and lists.
//
//   alpha < beta < milestone < rc = cr < snapshot < "" = ga = final = release < sp < any other word < a number
//   '-' and every change between digits and letters opens a nested list; trailing nulls of each list are dropped
#include <array>
#include <string>
#include <vector>

#include "vuln/version/orders.h"

namespace hf::vuln::orders {
namespace {

constexpr std::size_t kBytesMax = 512;  // nesting follows the text's length

enum class Kind { number, word, list };

struct Item {
  Kind kind = Kind::list;
  std::string text{};         // number without leading zeros ("" is 0), or word
  std::vector<Item> items{};  // list
};

constexpr std::string_view kRelease = "5";

// The order of words is the order of these texts.
std::string rank(std::string_view word) {
  static constexpr std::array<std::string_view, 7> kQualifiers{"alpha",    "beta", "milestone", "rc",
                                                               "snapshot", "",     "sp"};
  for (std::size_t i = 0; i < kQualifiers.size(); ++i)
    if (kQualifiers[i] == word) return std::string(1, static_cast<char>('0' + i));
  return "7-" + std::string(word);
}

Item word(std::string_view text, bool before_digit) {
  if (before_digit && text == "a") text = "alpha";
  if (before_digit && text == "b") text = "beta";
  if (before_digit && text == "m") text = "milestone";
  if (text == "cr") text = "rc";
  if (text == "ga" || text == "final" || text == "release") text = "";
  return {Kind::word, std::string(text)};
}

Item number(std::string_view digits) {
  while (!digits.empty() && digits.front() == '0') digits.remove_prefix(1);
  return {Kind::number, std::string(digits)};
}

Item parse_item(bool digits, std::string_view text) { return digits ? number(text) : word(text, false); }

bool is_null(const Item& item) { return item.kind == Kind::list ? item.items.empty() : item.text.empty(); }

// Drops zeros, releases and empty lists from the end, also before a list: 1.0-rc is 1-rc.
void normalize(Item& list) {
  auto& items = list.items;
  for (std::size_t i = items.size(); i-- > 0;) {
    if (is_null(items[i])) items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
    else if (items[i].kind != Kind::list) break;
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
  Item finish() {
    for (std::size_t depth = depth_ + 1; depth-- > 0;) {
      Item* list = &root_;
      for (std::size_t i = 0; i < depth; ++i) list = &list->items.back();
      normalize(*list);
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
  bool digits = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' || c == '-') {
      tree.add(i == start ? number("0") : parse_item(digits, text.substr(start, i - start)));
      start = i + 1;
      if (c == '-') tree.open();
    } else if (is_digit(c)) {
      if (!digits && i > start) {
        tree.open_if_not_empty();  // ".x1" counts as "-x1"
        tree.add(word(text.substr(start, i - start), true));
        tree.open();
        start = i;
      }
      digits = true;
    } else {
      if (digits && i > start) {
        tree.add(number(text.substr(start, i - start)));
        tree.open();
        start = i;
      }
      digits = false;
    }
  }
  if (text.size() > start) {
    if (!digits) tree.open_if_not_empty();  // ".x" counts as "-x"
    tree.add(parse_item(digits, text.substr(start)));
  }
  return tree.finish();
}

std::strong_ordering compare_items(const Item* a, const Item* b);

std::strong_ordering against_null(const Item& item) {
  switch (item.kind) {
    case Kind::number: return item.text.empty() ? kEqual : kGreater;
    case Kind::word: return sign(rank(item.text).compare(kRelease));
    case Kind::list:
      for (const auto& inner : item.items)
        if (const auto order = against_null(inner); order != 0) return order;
      return kEqual;
  }
  return kEqual;
}

std::strong_ordering compare_items(const Item* a, const Item* b) {
  if (!a || !b) return a ? against_null(*a) : b ? 0 <=> against_null(*b) : kEqual;
  if (a->kind != b->kind) {
    const auto height = [](Kind kind) { return kind == Kind::word ? 0 : kind == Kind::list ? 1 : 2; };
    return height(a->kind) <=> height(b->kind);
  }
  if (a->kind == Kind::number) return compare_numbers(a->text, b->text);
  if (a->kind == Kind::word) return sign(rank(a->text).compare(rank(b->text)));
  for (std::size_t i = 0; i < std::max(a->items.size(), b->items.size()); ++i) {
    const auto* x = i < a->items.size() ? &a->items[i] : nullptr;
    const auto* y = i < b->items.size() ? &b->items[i] : nullptr;
    if (const auto order = compare_items(x, y); order != 0) return order;
  }
  return kEqual;
}

bool is_maven(std::string_view text) {
  // Maven orders any text at all; a text without a number is somebody's prose.
  return text.size() <= kBytesMax && std::any_of(text.begin(), text.end(), is_digit) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < 0x7f && c != '[' && c != ']' && c != '(' && c != ')' && c != ',';
         });
}

}  // namespace

Order maven(std::string_view a, std::string_view b) {
  if (!is_maven(a) || !is_maven(b)) return std::nullopt;
  const auto x = parse(a), y = parse(b);
  return compare_items(&x, &y);
}

}  // namespace hf::vuln::orders
