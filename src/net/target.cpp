#include "net/target.h"

#include "base/text.h"

namespace hf::net {
namespace {

auto malformed(std::string message) { return fail(ErrorKind::invalid, "HF-HTTP-0004", std::move(message)); }
auto too_long(std::string message) { return fail(ErrorKind::limit, "HF-HTTP-0005", std::move(message)); }

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// "http://host/path?q" gives "/path?q" (RFC 9112 section 3.2.2: a server must accept absolute-form).
std::string_view without_authority(std::string_view text) {
  if (text.starts_with('/') || text.starts_with('*')) return text;
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return {};
  const auto name = text.substr(0, scheme);
  if (!iequals(name, "http") && !iequals(name, "https")) return {};
  const auto path = text.find_first_of("/?", scheme + 3);
  if (path == std::string_view::npos || text[path] == '?') return "/";
  return text.substr(path);
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool form) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && form) c = ' ';
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = digit(text[i + 1]), low = digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = char(high * 16 + low);
      i += 2;
    }
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 && !(form && (c == '\t' || c == '\n' || c == '\r'))) return std::nullopt;
    if (u == 0x7f) return std::nullopt;
    out += c;
  }
  if (!is_utf8(out)) return std::nullopt;
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                            c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

Result<Target> parse_target(std::string_view text, const TargetLimits& limits) {
  if (text.size() > limits.bytes_max) return too_long("the request target is longer than the server accepts");
  const auto origin = without_authority(text);
  if (origin.empty() || origin.find('#') != std::string_view::npos)
    return malformed("the request target is not a path");

  Target target;
  const auto mark = origin.find('?');
  const auto path = origin.substr(0, mark);
  if (path == "*") {
    if (mark != std::string_view::npos) return malformed("the request target is not a path");
    target.path = "*";
    return target;
  }
  if (path != "/") {
    for (const auto raw : split(path.substr(1), '/')) {
      auto segment = percent_decode(raw, false);
      if (!segment) return malformed("the path has a malformed percent escape or a control character");
      if (*segment == "." || *segment == "..") return malformed("the path has a dot segment");
      if (target.segments.size() == limits.segments_max) return too_long("the path has too many segments");
      target.path += '/';
      target.path += *segment;
      target.segments.push_back(*std::move(segment));
    }
  } else {
    target.path = "/";
  }
  if (mark == std::string_view::npos || mark + 1 == origin.size()) return target;
  for (const auto pair : split(origin.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), true);
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
    if (!name || !value) return malformed("the query has a malformed percent escape or a control character");
    if (target.query.size() == limits.parameters_max) return too_long("the query has too many parameters");
    target.query.emplace_back(*std::move(name), *std::move(value));
  }
  return target;
}

}  // namespace hf::net
