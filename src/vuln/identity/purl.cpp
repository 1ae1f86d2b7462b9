#include "vuln/identity/purl.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "vuln/identity/purl_types.h"

namespace hf::vuln {
namespace {

auto malformed(std::string message) { return fail(ErrorKind::invalid, "HF-PURL-0001", std::move(message)); }
auto over_limit(std::string message) { return fail(ErrorKind::limit, "HF-PURL-0003", std::move(message)); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// ECMA-427 5.6.2: letters, digits, '.' and '-', not beginning with a digit.
bool is_type(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-';
  });
}

// ECMA-427 5.6.6: letters, digits, '.', '-' and '_', beginning with a letter.
bool is_key(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

int nibble(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// '+' stays a plus: this is not a form encoding.
std::optional<std::string> decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = nibble(text[i + 1]), low = nibble(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!is_utf8(decoded)) return std::nullopt;
  return decoded;
}

// ECMA-427 5.4: everything but letters, digits and .-_~: is encoded; ':' is not.
void encode(std::string& out, std::string_view text, bool keep_slash = false) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_letter(c) || is_digit(c) || c == '.' || c == '-' || c == '_' || c == '~' || c == ':' ||
        (keep_slash && c == '/')) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

// Segments without empty ones; in a subpath also without "." and "..".
std::string join_segments(std::string_view text, bool subpath) {
  std::string joined;
  for (const auto segment : split(text, '/')) {
    if (segment.empty() || (subpath && (segment == "." || segment == ".."))) continue;
    if (!joined.empty()) joined += '/';
    joined += segment;
  }
  return joined;
}

// Decodes segment by segment. nullopt: bad encoding, or (strict) a segment that hides a '/'.
std::optional<std::string> decode_segments(std::string_view text, bool subpath, bool strict) {
  std::string joined;
  for (const auto segment : split(text, '/')) {
    if (segment.empty()) continue;
    auto decoded = decode(segment);
    if (!decoded || (strict && decoded->find('/') != std::string::npos)) return std::nullopt;
    if (!joined.empty()) joined += '/';
    joined += *decoded;
  }
  return join_segments(joined, subpath);
}

struct Version {
  std::string_view rest, version;
  bool present = false;
};

// The last '@' begins the version, unless it opens a scope: in "@babel/core" a '/' follows.
Version split_version(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return {text, {}, false};
  const bool opens_segment = at == 0 || text[at - 1] == '/';
  if (opens_segment && text.find('/', at) != std::string_view::npos) return {text, {}, false};
  return {text.substr(0, at), text.substr(at + 1), true};
}

Result<std::map<std::string, std::string, std::less<>>> parse_qualifiers(std::string_view text,
                                                                         const PurlLimits& limits) {
  std::map<std::string, std::string, std::less<>> qualifiers;
  for (const auto pair : split(text, '&')) {
    if (pair.empty() && !limits.strict) continue;
    const auto equals = pair.find('=');
    const auto key = pair.substr(0, equals);
    if (!is_key(key)) return malformed("a qualifier key is letters, digits, '.', '-' and '_': " + std::string(key));
    if (equals == std::string_view::npos) {
      if (limits.strict) return malformed("a qualifier is KEY=VALUE: " + std::string(pair));
      continue;
    }
    auto value = decode(pair.substr(equals + 1));
    if (!value) return malformed("the value of the qualifier " + std::string(key) + " is not percent-encoded UTF-8");
    if (value->empty()) continue;
    if (!qualifiers.emplace(to_lower(key), std::move(*value)).second)
      return malformed("the qualifier " + std::string(key) + " is given twice");
    if (qualifiers.size() > limits.qualifiers_max)
      return over_limit("a package URL has at most " + std::to_string(limits.qualifiers_max) + " qualifiers");
  }
  return qualifiers;
}

}  // namespace

Result<Purl> Purl::parse(std::string_view text, const PurlLimits& limits) {
  if (text.size() > limits.bytes_max)
    return over_limit("a package URL has at most " + std::to_string(limits.bytes_max) + " bytes");
  auto rest = limits.strict ? text : trim(text);
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos || to_lower(rest.substr(0, colon)) != "pkg")
    return malformed("a package URL begins with pkg:");
  rest.remove_prefix(colon + 1);

  Purl parts;
  if (const auto hash = rest.rfind('#'); hash != std::string_view::npos) {
    auto subpath = decode_segments(rest.substr(hash + 1), true, limits.strict);
    if (!subpath) return malformed("the subpath is not percent-encoded UTF-8");
    parts.subpath = std::move(*subpath);
    rest = rest.substr(0, hash);
  }
  // A '?' belongs encoded into a name or a value, so where it splits matters only to broken texts: the field has URLs
  // with a query in download_url, never a name with a question mark.
  if (const auto mark = limits.strict ? rest.rfind('?') : rest.find('?'); mark != std::string_view::npos) {
    HF_TRY(parts.qualifiers, parse_qualifiers(rest.substr(mark + 1), limits));
    rest = rest.substr(0, mark);
  }
  while (rest.starts_with('/')) rest.remove_prefix(1);
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return malformed("a package URL has a type and a name: pkg:TYPE/NAME");
  parts.type = std::string(rest.substr(0, slash));
  rest.remove_prefix(slash + 1);

  const auto [path, version, versioned] = split_version(rest);
  if (versioned) {
    auto decoded = decode(version);
    if (!decoded) return malformed("the version is not percent-encoded UTF-8");
    parts.version = std::move(*decoded);
  }
  const auto cut = path.rfind('/');
  auto decoded_name = decode(cut == std::string_view::npos ? path : path.substr(cut + 1));
  if (!decoded_name) return malformed("the name is not percent-encoded UTF-8");
  parts.name = std::move(*decoded_name);
  if (cut != std::string_view::npos) {
    auto ns = decode_segments(path.substr(0, cut), false, limits.strict);
    if (!ns) return malformed("the namespace is not percent-encoded UTF-8");
    parts.ns = std::move(*ns);
  }
  return build(std::move(parts), limits);
}

Result<Purl> Purl::build(Purl parts, const PurlLimits& limits) {
  if (!is_type(parts.type)) return malformed("a package URL's type is letters, digits, '.' and '-': " + parts.type);
  parts.type = to_lower(parts.type);
  parts.ns = join_segments(parts.ns, false);
  parts.subpath = join_segments(parts.subpath, true);
  if (parts.name.empty()) return malformed("a package URL needs a name");

  std::map<std::string, std::string, std::less<>> qualifiers;
  for (auto& [key, value] : parts.qualifiers) {
    if (!is_key(key)) return malformed("a qualifier key is letters, digits, '.', '-' and '_': " + key);
    if (value.empty()) continue;
    if (!qualifiers.emplace(to_lower(key), std::move(value)).second)
      return malformed("the qualifier " + key + " is given twice");
  }
  parts.qualifiers = std::move(qualifiers);
  if (parts.qualifiers.size() > limits.qualifiers_max)
    return over_limit("a package URL has at most " + std::to_string(limits.qualifiers_max) + " qualifiers");

  if (parts.type == "git") {  // the host, then the repository's path
    const auto path = join_segments(parts.ns + "/" + parts.name, false);
    const auto cut = path.find('/');
    parts.ns = cut == std::string::npos ? "" : path.substr(0, cut);
    parts.name = cut == std::string::npos ? path : path.substr(cut + 1);
  }
  if (!limits.strict) read_kindly(parts);
  normalize_for_type(parts);
  if (parts.name.empty()) return malformed("a package URL needs a name");
  if (limits.strict) {
    if (const auto broken = broken_type_rule(parts); !broken.empty())
      return fail(ErrorKind::invalid, "HF-PURL-0002", "pkg:" + parts.type + ": " + std::string(broken));
  }
  return parts;
}

std::string Purl::package_key() const {
  std::string text = "pkg:" + type + "/";
  if (!ns.empty()) {
    encode(text, ns, true);
    text += '/';
  }
  encode(text, name, type == "git");
  return text;
}

std::string Purl::to_text() const {
  auto text = package_key();
  if (!version.empty()) {
    text += '@';
    encode(text, version);
  }
  char separator = '?';
  for (const auto& [key, value] : qualifiers) {
    text += std::exchange(separator, '&');
    text += key;
    text += '=';
    encode(text, value);
  }
  if (!subpath.empty()) {
    text += '#';
    encode(text, subpath, true);
  }
  return text;
}

}  // namespace hf::vuln
