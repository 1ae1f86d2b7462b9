// A request for an SDC debug certificate of any bytes.
// fuzz-libs: hf_keys
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hf::keys::fuzz::run("esp-sdc", {data, size});
}
