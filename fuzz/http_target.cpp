// A target that is taken has no dot segments, no control characters and valid UTF-8; encoding it again and parsing
// that gives the same segments.
#include <cstdint>

#include "base/text.h"
#include "net/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const hf::net::TargetLimits limits{.bytes_max = 1024, .segments_max = 16, .parameters_max = 16};
  const auto target = hf::net::parse_target(text, limits);
  if (!target) return 0;
  if (text.size() > limits.bytes_max || target->segments.size() > limits.segments_max ||
      target->query.size() > limits.parameters_max)
    __builtin_trap();
  std::string again;
  for (const auto& segment : target->segments) {
    if (segment == "." || segment == ".." || !hf::is_utf8(segment)) __builtin_trap();
    for (const char c : segment)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) __builtin_trap();
    again += '/' + hf::net::percent_encode(segment);
  }
  if (text == "*" || target->segments.empty() || again.size() > limits.bytes_max) return 0;
  const auto second = hf::net::parse_target(again, limits);
  if (!second || second->segments != target->segments) __builtin_trap();
  return 0;
}
