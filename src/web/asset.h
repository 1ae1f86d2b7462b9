// One file of the built UI, inside the binary.
#pragma once

#include <string_view>
#include <vector>

namespace hf::web {

struct Bytes {
  const char* begin;
  const char* end;
  [[nodiscard]] std::string_view view() const { return {begin, end}; }
};

struct Asset {
  std::string_view path;    // "/assets/index-1x9ZO6FN.js", "/index.html"
  std::string_view sha256;  // of the plain bytes, lower-case hex
  Bytes plain, gzip;
};

// In the order of their paths; empty if the library was built without web/dist.
[[nodiscard]] std::vector<Asset> embedded();

}  // namespace hf::web
