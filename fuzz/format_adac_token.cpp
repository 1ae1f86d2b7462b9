// A request for an ADAC token of any bytes, which are the answer too.
// fuzz-libs: hf_keys
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hf::keys::fuzz::run("adac-token", {data, size});
}
