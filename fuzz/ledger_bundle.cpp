// fuzz-libs: hf_ledger
// A bundle that is accepted is written back byte for byte, in the one form or the other; and it holds with its key
// pinned.
#include <cstdlib>

#include "ledger/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = hf::text_of({data, size});
  const auto verified = hf::ledger::verify_bundle_text(text, std::nullopt);
  if (!verified) {
    if (verified.error().message.empty()) std::abort();
    return 0;
  }
  const auto json = hf::parse_json(text);
  if (!json || !json->is_object()) std::abort();
  if (hf::ledger::bundle_text(json->get_object()) != text && hf::to_text(*json) != text) std::abort();
  if (!hf::ledger::verify_bundle_text(text, verified->key)) std::abort();
  return 0;
}
