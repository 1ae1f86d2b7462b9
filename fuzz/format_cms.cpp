// A detached CMS signature of any bytes over themselves.
// fuzz-libs: hf_keys
// fuzz-seeds: keys/cms
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return hf::keys::fuzz::run("cms", {data, size});
}
