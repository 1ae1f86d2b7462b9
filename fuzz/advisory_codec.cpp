// Bytes of a stored advisory: refused, or an advisory that is written and read back as it is.
#include <cstdlib>

#include "base/text.h"
#include "vuln/db_dir/codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto advisory = hf::vuln::decode(hf::text_of({data, size}));
  if (!advisory) return 0;
  const auto bytes = hf::vuln::encode(*advisory);
  const auto again = hf::vuln::decode(bytes);
  if (!again || hf::vuln::encode(*again) != bytes) std::abort();
  return 0;
}
