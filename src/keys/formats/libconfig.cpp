#include "keys/formats/libconfig.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "keys/formats/support.h"

namespace hf::keys {
namespace {

constexpr int kDepthMax = 16;

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::optional<JsonObject> settings(char end, int depth) {
    JsonObject group;
    while (true) {
      skip();
      if (end == '\0' ? at_ == text_.size() : take(end)) return group;
      const auto name = setting_name();
      skip();
      if (name.empty() || (!take('=') && !take(':')) || group.contains(name)) return std::nullopt;
      auto item = value(depth);
      if (!item) return std::nullopt;
      group[name] = *std::move(item);
      skip();
      if (!take(';')) take(',');
    }
  }
  [[nodiscard]] std::size_t line() const {
    return std::size_t(std::count(text_.begin(), text_.begin() + std::ptrdiff_t(at_), '\n')) + 1;
  }

 private:
  std::optional<Json> value(int depth) {
    skip();
    if (depth >= kDepthMax || at_ == text_.size()) return std::nullopt;
    const char c = text_[at_];
    if (take('{')) {
      auto group = settings('}', depth + 1);
      if (!group) return std::nullopt;
      return Json(*std::move(group));
    }
    if (take('[')) return items(']', depth + 1);
    if (take('(')) return items(')', depth + 1);
    if (c == '"') return text();
    return scalar();
  }

  std::optional<Json> items(char end, int depth) {
    JsonArray list;
    skip();
    while (!take(end)) {
      auto item = value(depth);
      if (!item) return std::nullopt;
      list.push_back(*std::move(item));
      skip();
      if (take(',')) skip();
      else if (at_ == text_.size() || text_[at_] != end) return std::nullopt;
    }
    return Json(std::move(list));
  }

  // Strings that stand side by side are one.
  std::optional<Json> text() {
    std::string out;
    while (take('"')) {
      while (!take('"')) {
        if (at_ == text_.size()) return std::nullopt;
        char c = text_[at_++];
        if (c == '\\') {
          const auto escaped = escape();
          if (!escaped) return std::nullopt;
          c = *escaped;
        }
        out += c;
      }
      skip();
    }
    return Json(out);
  }

  std::optional<char> escape() {
    if (at_ == text_.size()) return std::nullopt;
    switch (const char c = text_[at_++]) {
      case '\\':
      case '"': return c;
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case 'f': return '\f';
      case 'x': {
        const auto byte = from_hex(text_.substr(at_, 2));
        if (!byte || byte->size() != 1) return std::nullopt;
        at_ += 2;
        return char(byte->front());
      }
      default: return std::nullopt;
    }
  }

  std::optional<Json> scalar() {
    const auto begin = at_;
    while (at_ < text_.size() && (is_alpha(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '+' ||
                                  text_[at_] == '-' || text_[at_] == '.'))
      ++at_;
    auto word = text_.substr(begin, at_ - begin);
    const auto lower = to_lower(word);
    if (lower == "true" || lower == "false") return Json(lower == "true");
    const bool hex = lower.starts_with("0x");
    while (word.ends_with('L')) word.remove_suffix(1);
    auto digits = word.substr(hex ? 2 : 0);
    if (!hex && digits.starts_with('+')) digits.remove_prefix(1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, hex ? 16 : 10);
    if (error == std::errc() && end == digits.data() + digits.size()) return Json(number);
    const bool is_float = !word.empty() && std::ranges::all_of(word, [](char c) {
      return is_digit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
    });
    return is_float ? std::optional<Json>(Json(std::string(word))) : std::nullopt;
  }

  std::string setting_name() {
    const auto begin = at_;
    if (at_ < text_.size() && (is_alpha(text_[at_]) || text_[at_] == '*')) ++at_;
    else return {};
    while (at_ < text_.size() && (is_alpha(text_[at_]) || is_digit(text_[at_]) || text_[at_] == '-' ||
                                  text_[at_] == '_' || text_[at_] == '*'))
      ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void skip() {
    while (at_ < text_.size()) {
      const auto rest = text_.substr(at_);
      if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n' || rest[0] == '\r' || rest[0] == '\f') ++at_;
      else if (rest[0] == '#' || rest.starts_with("//")) at_ += std::min(rest.find('\n'), rest.size());
      else if (rest.starts_with("/*") && rest.find("*/", 2) != std::string_view::npos) at_ += rest.find("*/", 2) + 2;
      else return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<JsonObject> parse_libconfig(std::string_view text) {
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) return malformed("its text is not UTF-8");
  Reader reader(text);
  auto group = reader.settings('\0', 0);
  if (!group) return malformed("line " + std::to_string(reader.line()) + " is not of a libconfig text");
  return *std::move(group);
}

}  // namespace hf::keys
