// Whatever the bytes, every visited name stays inside, no limit is passed, and the counts agree.
#include "archive/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr hf::archive::Limits limits{.entry_bytes_max = 1U << 16, .total_bytes_max = 1U << 18, .entries_max = 64};
  std::uint64_t documents = 0, bytes = 0;
  const auto totals = hf::archive::for_each_document(
      "input", {data, size}, limits, [&](const hf::archive::Document& d) -> hf::Result<bool> {
        if (!hf::archive::is_safe_name(d.name) || d.bytes.size() > limits.entry_bytes_max || d.consumed > size)
          __builtin_trap();
        ++documents;
        bytes += d.bytes.size();
        return true;
      });
  if (bytes > limits.total_bytes_max) __builtin_trap();
  if (totals && (totals->documents != documents || totals->bytes != bytes)) __builtin_trap();
  return 0;
}
