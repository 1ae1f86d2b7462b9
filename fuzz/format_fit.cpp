// A FIT, signed or not, of any bytes.
// fuzz-libs: hf_keys
// fuzz-seeds: keys/fit
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hf::keys::fuzz::run("fit", {data, size}, {{"replace", "true"}});
}
