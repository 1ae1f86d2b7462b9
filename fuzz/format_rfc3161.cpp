// A time stamp request of any bytes, which are its answer too.
// fuzz-libs: hf_keys
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hf::keys::fuzz::run("rfc3161", {data, size}, {{"policy", "1.2.3"}, {"serial", "41"}});
}
