// Lines of a station's journal of any bytes, as a station reads its own at each start: the counts stay within what the
// lines say.
#include <cstdlib>

#include "factory/station/state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hf::factory::StationState state("GW-0001");
  std::int64_t n = 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto line : hf::split(text, '\n')) {
    const auto json = hf::parse_json(line, {.bytes_max = 64U << 10, .depth_max = 8});
    if (!json || !json->is_object()) continue;
    state.take(++n, json->get_object());
  }
  for (const auto& [id, held] : state.authorisations()) {
    if (held.used < 0 || held.used > n || held.authorisation.id != id) std::abort();
    const auto* const hold = state.hold_on(held.authorisation);
    if (hold && !hf::factory::stops(*hold, hf::factory::scope_of(held.authorisation))) std::abort();
  }
  if (const auto* const identity = state.device("GW-0001"); identity && identity->line > n) std::abort();
  return 0;
}
