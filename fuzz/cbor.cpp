// What reads is one item, and written again from its parts gives the same bytes: there is one encoding.
// fuzz-libs: hf_crypto
// fuzz-seeds: keys/suit
#include <algorithm>
#include <cstdlib>

#include "crypto/cose.h"

using hf::crypto::Cbor;

namespace {

hf::Bytes written(const Cbor& item) {
  namespace cbor = hf::crypto::cbor;
  if (item.is(Cbor::Kind::bytes)) return cbor::bytes(item.content);
  if (item.is(Cbor::Kind::text)) return cbor::text(hf::text_of(item.content));
  auto out = cbor::head(item.kind, item.value);
  for (const auto& part : item.items) {
    const auto bytes = written(part);
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static_cast<void>(hf::crypto::parse_cose_sign1({data, size}));
  const auto item = hf::crypto::parse_cbor({data, size});
  if (!item) return 0;
  const auto bytes = written(*item);
  if (!std::equal(bytes.begin(), bytes.end(), data, data + size)) std::abort();
  return 0;
}
