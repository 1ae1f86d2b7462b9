// What is read has one canonical text (RFC 8785), which reads back to the same text, and so does the compact text. Not
// with fractions or numbers over 2^53: Boost.JSON 1.81 reads those to the nearest double but one.
#include <cstdlib>

#include "base/json.h"
#include "base/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = hf::parse_json(hf::text_of({data, size}), {.bytes_max = 1U << 16, .depth_max = 32});
  if (!json) return 0;
  const auto canonical = hf::canonical_json(*json);
  if (!canonical) return 0;  // holds a number that evidence does not
  const auto compact = hf::parse_json(hf::to_text(*json));
  if (!compact || hf::to_text(*compact) != hf::to_text(*json)) std::abort();
  const auto again = hf::parse_json(*canonical);
  if (!again || hf::canonical_json(*again).value() != *canonical) std::abort();
  return 0;
}
