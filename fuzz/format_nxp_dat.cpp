// A debug challenge and credential of any bytes.
// fuzz-libs: hf_keys
#include "keys/formats/nxp_dat.h"
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hf::keys;
  const hf::ByteView bytes(data, size);
  if (const auto challenge = nxp::challenge_of(bytes))
    fuzz::require(challenge->challenge.data() + challenge->challenge.size() == data + size);
  if (const auto credential = nxp::credential_of(bytes))
    fuzz::require(credential->root.algorithm == credential->key.algorithm);
  return fuzz::run("nxp-dat", bytes);
}
