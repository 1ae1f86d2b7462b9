// How findings speak of a document's values: short, whatever stands in it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "sbom/grammar/grammar.h"

namespace hf::sbom::grammar {

inline std::string_view wanted(const Node& node) {
  switch (node.kind) {
    case Kind::text:
    case Kind::words: return "a text";
    case Kind::integer: return "a whole number";
    case Kind::number: return "a number";
    case Kind::boolean: return "true or false";
    case Kind::object:
    case Kind::select: return "an object";
    case Kind::list: return "an array";
    case Kind::choice: return "one of its other types";
    case Kind::any: break;
  }
  return "another value";
}

inline std::string quoted(std::string_view text) {
  auto end = std::min<std::size_t>(text.size(), 60);
  while (end > 0 && end < text.size() && (text[end] & 0xc0) == 0x80) --end;  // never inside a UTF-8 sequence
  std::string shown(text.substr(0, end));
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
  return "'" + shown + (text.size() > end ? "...'" : "'");
}

}  // namespace hf::sbom::grammar
