// Values stand end to end and inside their container, each written again as it was read.
// fuzz-libs: hf_crypto
// fuzz-seeds: keys/cms
#include <cstdlib>
#include <vector>

#include "crypto/cms.h"
#include "crypto/der.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hf::ByteView bytes(data, size);
  std::vector<hf::ByteView> open{bytes};
  while (!open.empty()) {
    hf::crypto::DerReader reader(open.back());
    open.pop_back();
    while (const auto value = reader.next()) {
      const auto again = hf::crypto::der::value(value->tag, {value->content});
      if (!std::equal(again.begin(), again.end(), value->whole.begin(), value->whole.end())) std::abort();
      if (value->whole.data() < data || value->whole.data() + value->whole.size() > data + size) std::abort();
      if ((value->tag & 0x20) != 0) open.push_back(value->content);
    }
  }
  if (hf::crypto::cms_verify(bytes, {})) std::abort();  // nobody is trusted
  if (hf::crypto::cms_verify(bytes, {}, hf::crypto::content_of(bytes))) std::abort();
  return 0;
}
