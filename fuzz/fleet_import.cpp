// Whatever the file, reading ends, line numbers rise, and nothing is longer than the limits.
#include <cstdlib>
#include <sstream>

#include "base/text.h"
#include "fleet/import_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr hf::fleet::ImportLimits limits{.line_max = 512, .builds_max = 4};
  std::istringstream in{std::string(hf::text_of({data, size}))};
  hf::fleet::ImportReader reader(in, limits);
  std::uint64_t line = 0;
  while (const auto read = reader.next()) {
    if (read->line <= line) std::abort();
    line = read->line;
    if (!read->record) continue;
    const auto& record = *read->record;
    if (record.builds.size() > limits.builds_max || record.serial.size() > limits.line_max) std::abort();
  }
  if (reader.bytes() > size) std::abort();
  return 0;
}
