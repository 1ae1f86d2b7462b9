#include "vuln/identity/cpe.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"

namespace hf::vuln {
namespace {

constexpr std::size_t kBytesMax = 4096;
constexpr std::string_view kPrefix23 = "cpe:2.3:";
constexpr std::string_view kPrefix22 = "cpe:/";
constexpr std::array<std::string_view, kCpeAttributes> kNames{"part",      "vendor",    "product",  "version",
                                                              "update",    "edition",   "language", "sw_edition",
                                                              "target_sw", "target_hw", "other"};

auto not_a_name(std::string message) { return fail(ErrorKind::invalid, "HF-CPE-0001", std::move(message)); }
auto bad_value(std::size_t attribute, std::string why) {
  return fail(ErrorKind::invalid, "HF-CPE-0002", "the CPE's " + std::string(kNames[attribute]) + " " + std::move(why));
}

bool is_plain(char c) {  // what a formatted string may hold unquoted (NISTIR 7695 6.2.1)
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || static_cast<unsigned char>(c) >= 0x80;
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

void put(std::string& out, char c) {
  if (!is_plain(c)) out += '\\';
  out += lower(c);
}

// One component of a formatted string to the held form: lower case, quoting only where it is needed ("\-" alone is a
// hyphen, "-" alone is NA). nullopt: an unquoted special character, or a wildcard that is not at an end.
std::optional<std::string> normalize(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text == "*" || text == "-") return std::string(text);
  std::string out;
  std::size_t i = 0;
  const auto is_wild = [&](std::size_t at) { return text[at] == '*' || text[at] == '?'; };
  if (is_wild(0)) {
    if (text[0] == '*') out += text[i++];
    else
      while (i < text.size() && text[i] == '?') out += text[i++];
  }
  bool any = false;
  for (; i < text.size() && !is_wild(i); ++i) {
    if (text[i] == '\\') {
      if (++i == text.size()) return std::nullopt;
      put(out, text[i]);
    } else if (is_plain(text[i])) {
      put(out, text[i]);
    } else {
      return std::nullopt;
    }
    any = true;
  }
  const auto tail = i;
  if (i < text.size() && text[i] == '*') out += text[i++];
  else
    while (i < text.size() && text[i] == '?') out += text[i++];
  if (i != text.size() || (!any && tail != text.size())) return std::nullopt;
  if (out == "-") return "\\-";
  return out;
}

// Splits at ':' that no '\' quotes.
std::vector<std::string_view> split_quoted(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == ':') {
      parts.push_back(text.substr(from, i - from));
      from = i + 1;
    }
  }
  parts.push_back(text.substr(from));
  return parts;
}

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
  return -1;
}

// One component of a URI (NISTIR 7695 6.1.3.2): "" is ANY, "-" is NA, %01 is '?', %02 is '*'.
std::optional<std::string> normalize_uri(std::string_view text) {
  if (text.empty()) return "*";
  if (text == "-") return "-";
  std::string quoted;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = nibble(text[i + 1]), low = nibble(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      i += 2;
      const int byte = high * 16 + low;
      if (byte == 1 || byte == 2) {
        quoted += byte == 1 ? '?' : '*';
        continue;
      }
      if (byte < 0x20 || byte == 0x7f) return std::nullopt;
      c = byte == ' ' ? '_' : static_cast<char>(byte);  // a name has no spaces; dictionaries write '_' for them
      if (byte < 0x80) quoted += '\\';
      quoted += c;
      continue;
    }
    // Old dictionaries hold unencoded characters; '*' and '?' among them were plain then.
    if (!is_plain(c)) quoted += '\\';
    quoted += c;
  }
  if (!is_utf8(quoted)) return std::nullopt;
  return normalize(quoted);
}

std::string to_uri_value(std::string_view value) {
  static constexpr char kHex[] = "0123456789abcdef";
  if (value == "*") return "";
  if (value == "-") return "-";
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    char c = value[i];
    if (c == '*' || c == '?') {
      out += c == '?' ? "%01" : "%02";
      continue;
    }
    if (c == '\\' && i + 1 < value.size()) {
      c = value[++i];
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
      continue;
    }
    if (static_cast<unsigned char>(c) >= 0x80) {
      out += '%';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
      continue;
    }
    out += c;
  }
  return out;
}

bool has_wildcard(std::string_view value) {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\') ++i;
    else if (value[i] == '*' || value[i] == '?') return true;
  }
  return false;
}

// Characters of a value, a quoted one counted once.
std::size_t length(std::string_view value) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < value.size(); ++i, ++n)
    if (value[i] == '\\') ++i;
  return n;
}

// NISTIR 7696 6.1.2.2: '*' at an end stands for any text, '?' at an end for none or one character each.
bool matches(std::string_view pattern, std::string_view value) {
  std::size_t lead = 0, trail = 0;  // how many characters may stand before and after the fixed text
  constexpr auto kAny = static_cast<std::size_t>(-1);
  while (!pattern.empty() && (pattern.front() == '*' || pattern.front() == '?')) {
    lead = pattern.front() == '*' ? kAny : lead == kAny ? kAny : lead + 1;
    pattern.remove_prefix(1);
  }
  const auto quoted_at_end = [&] {
    std::size_t slashes = 0;
    for (auto i = pattern.size() - 1; i-- > 0 && pattern[i] == '\\';) ++slashes;
    return slashes % 2 == 1;
  };
  while (!pattern.empty() && (pattern.back() == '*' || pattern.back() == '?') && !quoted_at_end()) {
    trail = pattern.back() == '*' ? kAny : trail == kAny ? kAny : trail + 1;
    pattern.remove_suffix(1);
  }
  for (auto at = value.find(pattern); at != std::string_view::npos; at = value.find(pattern, at + 1)) {
    const auto before = value.substr(0, at), after = value.substr(at + pattern.size());
    const bool splits_a_quote =
        !before.empty() && before.back() == '\\' && (before.size() < 2 || before[before.size() - 2] != '\\');
    if (splits_a_quote) continue;
    if ((lead == kAny || length(before) <= lead) && (trail == kAny || length(after) <= trail)) return true;
  }
  return false;
}

}  // namespace

std::string_view name_of(CpeRelation relation) {
  switch (relation) {
    case CpeRelation::disjoint: return "disjoint";
    case CpeRelation::equal: return "equal";
    case CpeRelation::subset: return "subset";
    case CpeRelation::superset: return "superset";
    case CpeRelation::undefined: return "undefined";
  }
  return "undefined";
}

Result<Cpe> Cpe::parse(std::string_view text) {
  if (text.size() > kBytesMax) return fail(ErrorKind::limit, "HF-CPE-0003", "a CPE name has at most 4096 bytes");
  if (!is_utf8(text) || std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c <= ' ') || c == 0x7f; }))
    return not_a_name("a CPE name is printable text without spaces");
  Cpe cpe;
  const auto folded = to_lower(text.substr(0, kPrefix23.size()));
  if (folded == kPrefix23) {
    const auto parts = split_quoted(text.substr(kPrefix23.size()));
    if (parts.size() != kCpeAttributes)
      return not_a_name("a CPE 2.3 name has 11 parts after cpe:2.3:, this one has " + std::to_string(parts.size()));
    for (std::size_t i = 0; i < kCpeAttributes; ++i) {
      auto value = normalize(parts[i]);
      if (!value) return bad_value(i, "is not a value of the formatted string binding: " + std::string(parts[i]));
      cpe.values[i] = std::move(*value);
    }
  } else if (folded.starts_with(kPrefix22)) {
    const auto parts = split(text.substr(kPrefix22.size()), ':');
    if (parts.size() > 7) return not_a_name("a CPE URI has at most 7 parts");
    for (std::size_t i = 0; i < parts.size(); ++i) {
      // Edition, software edition, target software and hardware, and other, packed: "~ed~sw~tsw~thw~o".
      if (i == static_cast<std::size_t>(CpeAttribute::edition) && parts[i].starts_with('~')) {
        const auto packed = split(parts[i].substr(1), '~');
        if (packed.size() != 5) return bad_value(i, "packs five values after the first '~'");
        static constexpr std::array kPacked{CpeAttribute::edition, CpeAttribute::sw_edition, CpeAttribute::target_sw,
                                            CpeAttribute::target_hw, CpeAttribute::other};
        for (std::size_t j = 0; j < packed.size(); ++j) {
          auto value = normalize_uri(packed[j]);
          if (!value)
            return bad_value(static_cast<std::size_t>(kPacked[j]), "is not a URI value: " + std::string(packed[j]));
          cpe.values[static_cast<std::size_t>(kPacked[j])] = std::move(*value);
        }
        continue;
      }
      auto value = normalize_uri(parts[i]);
      if (!value) return bad_value(i, "is not a URI value: " + std::string(parts[i]));
      cpe.values[i] = std::move(*value);
    }
  } else {
    return not_a_name("a CPE name begins with cpe:2.3: or cpe:/");
  }
  const auto& part = cpe.values[0];
  if (part != "a" && part != "o" && part != "h" && part != "*" && part != "-")
    return bad_value(0, "is one of a, o, h, * and -");
  return cpe;
}

void Cpe::set(CpeAttribute attribute, std::string_view plain) {
  auto& value = values[static_cast<std::size_t>(attribute)];
  if (plain.empty() || plain == "*" || plain == "-") {
    value = plain.empty() ? "*" : std::string(plain);
    return;
  }
  value.clear();
  for (const char c : plain) put(value, c == ' ' ? '_' : c);
}

std::string Cpe::plain(CpeAttribute attribute) const {
  const auto& value = (*this)[attribute];
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    out += value[i];
  }
  return out;
}

std::string Cpe::to_text() const {
  std::string text = "cpe:2.3";
  for (const auto& value : values) text += ":" + value;
  return text;
}

std::string Cpe::to_uri() const {
  std::array<std::string, kCpeAttributes> uri;
  std::transform(values.begin(), values.end(), uri.begin(), [](const std::string& v) { return to_uri_value(v); });
  const bool packed = std::any_of(uri.begin() + 7, uri.end(), [](const std::string& v) { return !v.empty(); });
  if (packed) uri[5] = "~" + uri[5] + "~" + uri[7] + "~" + uri[8] + "~" + uri[9] + "~" + uri[10];
  std::string text(kPrefix22);
  for (std::size_t i = 0; i < 7; ++i) text += (i == 0 ? "" : ":") + uri[i];
  while (text.ends_with(':')) text.pop_back();
  return text;
}

std::string Cpe::product_key() const { return plain(CpeAttribute::vendor) + ":" + plain(CpeAttribute::product); }

CpeRelation compare(std::string_view source, std::string_view target) {
  if (source == target) return has_wildcard(target) && target != "*" ? CpeRelation::undefined : CpeRelation::equal;
  if (source == "*") return target == "-" || !has_wildcard(target) ? CpeRelation::superset : CpeRelation::undefined;
  if (target == "*") return CpeRelation::subset;
  if (has_wildcard(target)) return CpeRelation::undefined;  // tables 6-2, rows 4, 8, 11, 17
  if (source == "-" || target == "-") return CpeRelation::disjoint;
  if (has_wildcard(source)) return matches(source, target) ? CpeRelation::superset : CpeRelation::disjoint;
  return CpeRelation::disjoint;
}

CpeRelation compare(const Cpe& source, const Cpe& target) {
  bool subset = false, superset = false, undefined = false;
  for (std::size_t i = 0; i < kCpeAttributes; ++i) {
    switch (compare(source.values[i], target.values[i])) {
      case CpeRelation::disjoint: return CpeRelation::disjoint;
      case CpeRelation::equal: break;
      case CpeRelation::subset: subset = true; break;
      case CpeRelation::superset: superset = true; break;
      case CpeRelation::undefined: undefined = true; break;
    }
  }
  if (undefined || (subset && superset)) return CpeRelation::undefined;
  return subset ? CpeRelation::subset : superset ? CpeRelation::superset : CpeRelation::equal;
}

bool covers(const Cpe& source, const Cpe& target, bool lenient) {
  for (std::size_t i = 0; i < kCpeAttributes; ++i) {
    const auto relation = compare(source.values[i], target.values[i]);
    if (relation == CpeRelation::equal || relation == CpeRelation::superset) continue;
    const auto attribute = static_cast<CpeAttribute>(i);
    const bool named = attribute == CpeAttribute::vendor || attribute == CpeAttribute::product;
    if (lenient && !named && target.values[i] == "*") continue;
    return false;
  }
  return true;
}

}  // namespace hf::vuln
