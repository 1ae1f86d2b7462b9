// A ceremony's script, or an envelope of one, of any bytes.
// fuzz-libs: hf_keys
#include "keys/formats/ceremony_script.h"
#include "support/format_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hf::ByteView bytes(data, size);
  if (const auto script = hf::keys::ceremony_script_of(bytes)) {
    hf::keys::fuzz::require(hf::keys::canonical(*script) == hf::text_of(bytes));  // one text a value
    // Whatever passes can be cast: each step with different people.
    for (const auto& step : script->steps)
      hf::keys::fuzz::require(!step.witnesses.empty() && !script->people_of(step.actor).empty());
  }
  return hf::keys::fuzz::run("ceremony-script", bytes);
}
