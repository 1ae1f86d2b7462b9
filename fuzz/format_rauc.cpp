// A RAUC bundle, plain or verity, of any bytes.
// fuzz-libs: hf_keys
// fuzz-seeds: keys/rauc
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hf::keys::fuzz::run("rauc", {data, size}, {{"replace", "true"}});
}
