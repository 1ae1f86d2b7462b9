// The few ways in which the readers of this folder walk a JSON text with simdjson On-Demand. Inside this folder only.
// They run on a text that passed `validate`: a value of another type than asked for reads as absent.
#pragma once

#include <string_view>

// The inline part compiles for the plain x86-64 baseline; the heavy first stage picks its instructions at run time.
#include <simdjson.h>

#include "sbom/text_arena.h"

namespace hf::sbom::json {

namespace od = simdjson::ondemand;

// The text between the quotes of a string token as it stands, and whether it holds escapes.
struct RawString {
  std::string_view body;
  bool escaped = false;
};

// simdjson's token runs to the next structural character: the closing quote is the last one in it.
inline bool raw_string(od::value& value, RawString& out) {
  std::string_view token = value.raw_json_token();
  if (token.empty() || token.front() != '"') return false;
  auto end = token.size() - 1;
  while (token[end] != '"') --end;
  if (end == 0) return false;
  out.body = token.substr(1, end - 1);
  out.escaped = std::memchr(out.body.data(), '\\', out.body.size()) != nullptr;
  return true;
}

// A view into the text, or into simdjson's buffer for a string with escapes: good until the reader ends.
inline std::string_view text_of(od::value value) {
  RawString raw;
  if (!raw_string(value, raw)) return {};
  if (!raw.escaped) return raw.body;
  std::string_view text;
  if (value.get_string().get(text)) return {};
  return text;
}

inline std::string_view key_of(od::field& field) {
  const char* const raw = field.key().raw();
  const char* end = raw;
  while (*end != '"' && *end != '\\') ++end;
  if (*end == '"') return {raw, static_cast<std::size_t>(end - raw)};
  std::string_view key;
  if (field.unescaped_key().get(key)) return {};
  return key;
}

template <class Visit>  // visit(std::string_view key, od::value value)
void each_member(od::value value, Visit&& visit) {
  od::object object;
  if (value.get_object().get(object)) return;
  for (auto item : object) {
    od::field field;
    if (std::move(item).get(field)) return;
    const auto key = key_of(field);
    visit(key, field.value());
  }
}

template <class Visit>  // visit(od::value value)
void each_item(od::value value, Visit&& visit) {
  od::array array;
  if (value.get_array().get(array)) return;
  for (auto item : array) {
    od::value element;
    if (std::move(item).get(element)) return;
    visit(element);
  }
}

}  // namespace hf::sbom::json
