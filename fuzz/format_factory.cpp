// An order to a factory, or an envelope of one, of any bytes.
// fuzz-libs: hf_keys
#include "keys/formats/factory_order.h"
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hf::ByteView bytes(data, size);
  if (const auto order = hf::keys::factory_order_of(bytes))
    hf::keys::fuzz::require(hf::keys::canonical(*order) == hf::text_of(bytes));  // one text a value
  return hf::keys::fuzz::run("factory-authorisation", bytes);
}
