// A note that is read is written back byte for byte, and so are a checkpoint and a tlog-proof inside.
#include <cstdlib>

#include "ledger/tlog_proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = hf::text_of({data, size});
  if (const auto note = hf::ledger::parse_note(text)) {
    const auto again = hf::ledger::format_note(note->text, note->signatures);
    if (!again || *again != text) std::abort();
  }
  if (const auto checkpoint = hf::ledger::parse_checkpoint(text)) {
    const auto again = hf::ledger::format_checkpoint(*checkpoint);
    if (!again || *again != text) std::abort();
  }
  if (const auto proof = hf::ledger::parse_tlog_proof(text)) {
    const auto again = hf::ledger::format_tlog_proof(*proof);
    if (!again || *again != text) std::abort();
  }
  return 0;
}
