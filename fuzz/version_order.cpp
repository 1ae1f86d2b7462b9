// The first byte chooses a scheme, the rest is three lines. Of versions, the order is reflexive, antisymmetric and
// transitive; a text is a version of a scheme whatever it is compared with. maven, conan and alpm are not transitive by
// their own tools' rules (order.vec shows a cycle), so that clause leaves them out.
#include <array>
#include <cstdlib>

#include "base/text.h"
#include "vuln/version/order.h"

using hf::vuln::compare;
using hf::vuln::Scheme;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const auto all = hf::vuln::schemes();
  const auto scheme = all[data[0] % all.size()];
  const auto lines = hf::split(hf::text_of({data + 1, size - 1}), '\n');
  if (lines.size() < 3) return 0;
  const std::array<std::string_view, 3> v{lines[0], lines[1], lines[2]};
  for (const auto a : v)
    for (const auto b : v) {
      const auto forth = compare(scheme, a, b), back = compare(scheme, b, a);
      if (forth.has_value() != back.has_value()) std::abort();
      if (scheme != Scheme::opaque && forth.has_value() != (is_version(scheme, a) && is_version(scheme, b)))
        std::abort();
      if (!forth) continue;
      if ((*forth < 0) != (*back > 0) || (*forth == 0) != (*back == 0)) std::abort();
      if (a == b && *forth != 0) std::abort();
    }
  if (scheme == Scheme::maven || scheme == Scheme::conan || scheme == Scheme::alpm || scheme == Scheme::opaque)
    return 0;
  for (const auto a : v)
    for (const auto b : v)
      for (const auto c : v) {
        const auto ab = compare(scheme, a, b), bc = compare(scheme, b, c), ac = compare(scheme, a, c);
        if (!ab || !bc || !ac) continue;
        if (*ab <= 0 && *bc <= 0 && *ac > 0) std::abort();
        if (*ab <= 0 && *bc <= 0 && (*ab < 0 || *bc < 0) && *ac == 0) std::abort();
      }
  return 0;
}
