// A path that is read is the one path of its tile.
#include <cstdlib>

#include "base/text.h"
#include "ledger/tile_path.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = hf::text_of({data, size});
  if (const auto tile = hf::ledger::parse_tile_path(text); tile && hf::ledger::format_tile_path(*tile) != text)
    std::abort();
  return 0;
}
