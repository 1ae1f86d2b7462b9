#include "base/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parser.hpp>
#include <boost/json/serialize.hpp>
#include <unordered_set>
#include <vector>

#include "base/text.h"

namespace hf {
namespace {

namespace json = boost::json;

// Boost.JSON keeps the last of two equal keys; a reader that keeps the first would see another document.
// RFC 8259 section 4 leaves this open, so we refuse it.
class KeyCheck {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    scopes_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    scopes_.pop_back();
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key_.append(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code& error) {
    key_.append(part);
    const bool fresh = scopes_.back().insert(std::exchange(key_, {})).second;
    if (!fresh) error = json::error::extra_data;
    return fresh;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  std::vector<std::unordered_set<std::string>> scopes_;
  std::string key_;
};

// RFC 8785 3.2.3 sorts by UTF-16 code units: as UTF-8 bytes, except that U+E000 to U+FFFF follow the surrogates
// that stand for the planes above.
bool utf16_less(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) return x == a.end() && y != b.end();
  const auto p = std::uint8_t(*x), q = std::uint8_t(*y);
  const bool p_plane = p >= 0xf0, q_plane = q >= 0xf0;
  if (p_plane != q_plane && p >= 0xee && q >= 0xee) return p_plane;
  return p < q;
}

void write_pretty(const Json& value, std::size_t indent, std::string& out) {
  const auto line = [&out](std::size_t depth) { out.append("\n").append(2 * depth, ' '); };
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : *object) {
      out += first ? "" : ",";
      first = false;
      line(indent + 1);
      out += json::serialize(Json(key)) + ": ";
      write_pretty(member, indent + 1, out);
    }
    line(indent);
    out += '}';
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += '[';
    bool first = true;
    for (const auto& item : *array) {
      out += first ? "" : ",";
      first = false;
      line(indent + 1);
      write_pretty(item, indent + 1, out);
    }
    line(indent);
    out += ']';
  } else {
    out += json::serialize(value);
  }
}

constexpr std::int64_t kExactIntegerMax = (std::int64_t(1) << 53) - 1;

// RFC 8785 3.2.2.2: the short escapes, \u00xx for other controls, everything else as it is.
void write_string(std::string_view text, std::string& out) {
  out += '"';
  for (std::size_t plain = 0;;) {
    const auto special = std::find_if(text.begin() + std::ptrdiff_t(plain), text.end(),
                                      [](char c) { return c == '"' || c == '\\' || std::uint8_t(c) < 0x20; });
    const auto at = std::size_t(special - text.begin());
    out.append(text, plain, at - plain);
    if (special == text.end()) break;
    switch (*special) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: {
        const auto byte = std::uint8_t(*special);
        out += "\\u00" + to_hex({&byte, 1});
      }
    }
    plain = at + 1;
  }
  out += '"';
}

Result<void> write_canonical(const Json& value, std::string& out) {
  switch (value.kind()) {
    case json::kind::object: {
      std::vector<const JsonObject::value_type*> members;
      for (const auto& member : value.get_object()) members.push_back(&member);
      std::sort(members.begin(), members.end(),
                [](const auto* a, const auto* b) { return utf16_less(a->key(), b->key()); });
      out += '{';
      for (const auto* member : members) {
        if (member != members.front()) out += ',';
        write_string(member->key(), out);
        out += ':';
        HF_CHECK(write_canonical(member->value(), out));
      }
      out += '}';
      return {};
    }
    case json::kind::array: {
      out += '[';
      bool first = true;
      for (const auto& item : value.get_array()) {
        if (!std::exchange(first, false)) out += ',';
        HF_CHECK(write_canonical(item, out));
      }
      out += ']';
      return {};
    }
    case json::kind::string: write_string(value.get_string(), out); return {};
    case json::kind::int64:
      if (std::abs(value.get_int64()) > kExactIntegerMax) break;
      out += std::to_string(value.get_int64());
      return {};
    case json::kind::uint64:
      if (value.get_uint64() > std::uint64_t(kExactIntegerMax)) break;
      out += std::to_string(value.get_uint64());
      return {};
    case json::kind::bool_: out += value.get_bool() ? "true" : "false"; return {};
    case json::kind::null: out += "null"; return {};
    case json::kind::double_: break;
  }
  return fail(ErrorKind::invalid, "HF-JSON-0003",
              "evidence takes integers of at most 2^53 - 1 as numbers; write others as text");
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max)
    return fail(ErrorKind::limit, "HF-JSON-0002",
                "the JSON text is over the limit of " + std::to_string(limits.bytes_max) + " bytes");
  json::parse_options options;
  options.max_depth = limits.depth_max;
  json::basic_parser<KeyCheck> keys(options);
  json::error_code error;
  const auto read = keys.write_some(false, text.data(), text.size(), error);
  if (!error && read < text.size()) error = json::error::extra_data;
  if (error == json::error::too_deep)
    return fail(ErrorKind::limit, "HF-JSON-0002",
                "the JSON text nests deeper than " + std::to_string(limits.depth_max) + " levels");
  if (error)
    return fail(ErrorKind::invalid, "HF-JSON-0001",
                "the JSON text is malformed or repeats a key, at byte " + std::to_string(read), error.message());
  json::parser parser({}, options);
  parser.write(text.data(), text.size(), error);
  if (error) return fail(ErrorKind::invalid, "HF-JSON-0001", "the JSON text is malformed", error.message());
  return parser.release();
}

std::string to_text(const Json& value) { return json::serialize(value); }

std::string to_pretty_text(const Json& value) {
  std::string out;
  write_pretty(value, 0, out);
  return out;
}

Result<std::string> canonical_json(const Json& value) {
  std::string out;
  HF_CHECK(write_canonical(value, out));
  return out;
}

}  // namespace hf
