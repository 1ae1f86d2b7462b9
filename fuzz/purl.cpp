// The canonical text of a package URL reads back equal, under both ways of reading, and what is strict is also kind.
#include <cstdlib>

#include "base/text.h"
#include "vuln/identity/purl.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = hf::text_of({data, size});
  for (const bool strict : {false, true}) {
    const hf::vuln::PurlLimits limits{.bytes_max = 1U << 16, .strict = strict};
    const auto purl = hf::vuln::Purl::parse(text, limits);
    if (!purl) continue;
    const auto canonical = purl->to_text();
    const auto again = hf::vuln::Purl::parse(canonical, limits);
    if (!again || *again != *purl || again->to_text() != canonical) std::abort();
    if (!canonical.starts_with(purl->package_key())) std::abort();
    const auto built = hf::vuln::Purl::build(*purl, limits);
    if (!built || *built != *purl) std::abort();
  }
  return 0;
}
