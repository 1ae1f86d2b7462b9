// A CPE name reads back equal from both bindings. Matching: a name without wildcards equals itself, ANY covers all, and
// equal and disjoint do not depend on the direction.
#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "vuln/identity/cpe.h"

using hf::vuln::Cpe;
using hf::vuln::CpeRelation;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = hf::text_of({data, size});
  const auto line = text.find('\n');
  const auto a = Cpe::parse(text.substr(0, line));
  if (!a) return 0;
  const auto from_text = Cpe::parse(a->to_text()), from_uri = Cpe::parse(a->to_uri());
  if (a->to_text().size() <= 4096 && (!from_text || *from_text != *a)) std::abort();
  if (a->to_uri().size() <= 4096 && (!from_uri || *from_uri != *a)) std::abort();
  const auto self = compare(*a, *a);
  if (self != CpeRelation::equal && self != CpeRelation::undefined) std::abort();
  const auto above = compare(Cpe(), *a);
  if (above == CpeRelation::disjoint || above == CpeRelation::subset) std::abort();

  const auto b = line == std::string_view::npos ? hf::Result<Cpe>(*a) : Cpe::parse(text.substr(line + 1));
  if (!b) return 0;
  const auto forth = compare(*a, *b), back = compare(*b, *a);
  if ((forth == CpeRelation::equal) != (back == CpeRelation::equal)) std::abort();
  // One direction may be disjoint and the other undefined, where the target holds a wildcard (table 6-2).
  if (forth == CpeRelation::disjoint && back != CpeRelation::disjoint && back != CpeRelation::undefined) std::abort();
  if (forth == CpeRelation::superset && back != CpeRelation::subset && back != CpeRelation::undefined) std::abort();
  return 0;
}
