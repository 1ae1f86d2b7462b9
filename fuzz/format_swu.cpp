// A .swu of any bytes, and what it says of itself: libconfig and JSON.
// fuzz-libs: hf_keys
// fuzz-seeds: keys/swu
#include "keys/formats/libconfig.h"
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // What libconfig reads is a tree that JSON can hold.
  if (const auto parsed = hf::keys::parse_libconfig(hf::text_of({data, size})))
    hf::keys::fuzz::require(hf::parse_json(hf::to_text(*parsed), {.bytes_max = 1U << 24, .depth_max = 20}).has_value());
  return hf::keys::fuzz::run("swu", {data, size});
}
