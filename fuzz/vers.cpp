// A VERS reads back equal and sorts to a fixed point; its intervals hold every version that it names with '=', '<=' or
// '>=' unless it excludes it; nothing is both inside a range and excluded.
#include <cstdlib>

#include "base/text.h"
#include "vuln/version/vers.h"

using hf::vuln::Comparator;
using hf::vuln::Vers;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const hf::vuln::VersLimits limits{.bytes_max = 1U << 12, .constraints_max = 64};
  const auto text = hf::text_of({data, size});
  const auto vers = Vers::parse(text, limits);
  if (const auto slash = text.find('/'); slash != std::string_view::npos && size < (1U << 12))
    (void)hf::vuln::vers_of_native(text.substr(0, slash), text.substr(slash + 1));
  if (!vers) return 0;
  const hf::vuln::VersLimits wide{.bytes_max = 1U << 16, .constraints_max = 64};
  const auto again = Vers::parse(vers->to_text(), wide);
  if (!again || *again != *vers) std::abort();
  const auto canonical = vers->canonical();
  if (!canonical) return 0;
  const auto sorted = canonical->canonical();
  const auto scheme = hf::vuln::scheme_of_name(vers->scheme);
  // Orders that are not transitive have no sorted form to arrive at.
  const bool sound = scheme && *scheme != hf::vuln::Scheme::maven && *scheme != hf::vuln::Scheme::conan &&
                     *scheme != hf::vuln::Scheme::alpm && *scheme != hf::vuln::Scheme::opaque;
  if (!sorted || (sound && *sorted != *canonical)) std::abort();
  if (!sound || vers->constraints.size() < 2) return 0;
  const auto range = canonical->to_range();
  for (const auto& constraint : canonical->constraints) {
    const auto verdict = hf::vuln::contains(range, constraint.version);
    if (verdict == hf::vuln::Verdict::unknown) std::abort();
    if (constraint.comparator == Comparator::not_equal && verdict == hf::vuln::Verdict::inside) std::abort();
    bool excluded = false;
    for (const auto& other : canonical->constraints)
      excluded |=
          other.comparator == Comparator::not_equal && *compare(*scheme, other.version, constraint.version) == 0;
    if (constraint.comparator == Comparator::equal && !excluded && verdict != hf::vuln::Verdict::inside) std::abort();
  }
  return 0;
}
