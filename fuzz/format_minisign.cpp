// A minisign signature file of any bytes over itself.
// fuzz-libs: hf_keys
// fuzz-seeds: keys/minisign
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hf::keys::fuzz::run("minisign", {data, size});
}
