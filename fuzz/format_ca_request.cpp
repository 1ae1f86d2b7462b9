// A request to an offline CA, or an envelope of one, of any bytes.
// fuzz-libs: hf_keys
#include "keys/formats/ca_request.h"
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hf::ByteView bytes(data, size);
  if (const auto request = hf::keys::ca_request_of(bytes))
    hf::keys::fuzz::require(hf::keys::canonical(*request) == hf::text_of(bytes));  // one text a value
  return hf::keys::fuzz::run("ca-request", bytes);
}
