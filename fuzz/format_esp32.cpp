// An ESP image, with or without a signature sector, of any bytes.
// fuzz-libs: hf_keys
// fuzz-seeds: keys/esp32
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hf::keys::fuzz::run("esp32", {data, size}, {{"replace", "true"}});
}
