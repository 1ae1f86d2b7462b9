// A segment that is read is the lines that were written; no input makes it larger than its limit.
#include <cstdlib>

#include "ledger/segment.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto events = hf::ledger::segment_events({data, size}, {.bytes_max = 1U << 16});
  if (!events) return 0;
  std::size_t bytes = 0;
  for (const auto& event : *events) {
    bytes += event.size() + 1;
    if (event.find('\n') != std::string::npos) std::abort();
  }
  if (bytes > 1U << 16) std::abort();
  return 0;
}
