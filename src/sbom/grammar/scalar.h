// Scalar tokens of RFC 8259, which simdjson On-Demand leaves unchecked until they are asked for.
#pragma once

#include <string_view>

namespace hf::sbom::grammar {

inline std::string_view without_trailing_space(std::string_view token) {
  while (!token.empty() &&
         (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' || token.back() == '\t'))
    token.remove_suffix(1);
  return token;
}

// RFC 8259 section 6.
inline bool is_number(std::string_view token) {
  std::size_t at = 0;
  const auto digits = [&] {
    const auto first = at;
    while (at < token.size() && token[at] >= '0' && token[at] <= '9') ++at;
    return at > first;
  };
  if (at < token.size() && token[at] == '-') ++at;
  if (at < token.size() && token[at] == '0') ++at;
  else if (!digits()) return false;
  if (at < token.size() && token[at] == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < token.size() && (token[at] == 'e' || token[at] == 'E')) {
    ++at;
    if (at < token.size() && (token[at] == '+' || token[at] == '-')) ++at;
    if (!digits()) return false;
  }
  return at == token.size();
}

}  // namespace hf::sbom::grammar
