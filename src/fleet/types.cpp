#include "fleet/types.h"

#include <algorithm>

#include "base/text.h"

namespace hf::fleet {

bool is_serial(std::string_view text) {
  const auto alphanumeric = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  };
  const auto allowed = [&](char c) {
    return alphanumeric(c) || std::string_view("._:/-").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= 64 && alphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool is_path(std::string_view text) {
  constexpr std::size_t kBytesMax = 256;
  return !text.empty() && text.size() <= kBytesMax && is_utf8(text) &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::int64_t shard_of(std::string_view serial) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : serial) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return std::int64_t(hash % std::uint64_t(kShards));
}

}  // namespace hf::fleet
