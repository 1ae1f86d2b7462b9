// An in-toto statement, or an envelope of one, of any bytes.
// fuzz-libs: hf_keys
// fuzz-seeds: keys/dsse
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hf::keys::fuzz::run("dsse", {data, size});
}
