// Whatever the bytes: `parse` takes them exactly when `validate` finds nothing, every finding has a code and a pointer
// (RFC 6901), and one document is rendered the same way twice, as JSON that reads back.
#include <cstdlib>
#include <sstream>

#include "base/json.h"
#include "base/text.h"
#include "sbom/parse.h"
#include "sbom/render.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = hf::sbom::Text::copy_of({data, size});
  const hf::sbom::Limits limits{.bytes_max = 1U << 20, .depth_max = 64, .findings_max = 50};
  const auto findings = hf::sbom::validate(text, limits);
  for (const auto& finding : findings)
    if (!finding.code.starts_with("HF-SBOM-") || finding.message.empty() || !hf::is_utf8(finding.message) ||
        (!finding.pointer.empty() && finding.pointer[0] != '/'))
      std::abort();
  const auto document = hf::sbom::parse(text, limits);
  if (document.has_value() != findings.empty()) std::abort();
  if (!document) return 0;
  std::ostringstream once, twice, table;
  hf::sbom::write_json(*document, once);
  hf::sbom::write_table(*document, table);
  const auto again = hf::sbom::parse(text, limits);
  if (!again) std::abort();
  hf::sbom::write_json(*again, twice);
  if (once.str() != twice.str() || !hf::parse_json(once.str(), {.bytes_max = std::size_t{1} << 26})) std::abort();
  return 0;
}
