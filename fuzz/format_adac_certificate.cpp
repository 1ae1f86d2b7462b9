// An ADAC chain of any bytes, as a request and as a file; and one TLV sequence, whose values lie inside it, in order.
// fuzz-libs: hf_keys
#include "keys/formats/adac.h"
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hf::keys;
  const hf::ByteView bytes(data, size);
  if (const auto tlvs = read_tlvs(bytes, adac::kChainMax)) {
    const auto* at = data;
    for (const auto& tlv : *tlvs) {
      fuzz::require(tlv.whole.data() == at && tlv.value.size() <= tlv.whole.size() - 8);
      at += tlv.whole.size();
    }
    fuzz::require(at == data + size);
  }
  return fuzz::run("adac-certificate", bytes);
}
