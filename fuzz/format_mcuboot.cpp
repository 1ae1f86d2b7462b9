// What is read of an MCUboot image is inside it, and whatever a file is verified as, it is signed again as the same.
// fuzz-libs: hf_keys
// fuzz-seeds: keys/mcuboot
#include <cstdlib>

#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hf::keys::fuzz::run("mcuboot", {data, size}, {{"replace", "true"}});
}
