// A component's claims from any texts, one a line: the stored form reads back to itself and to the same keys.
#include <cstdlib>

#include "base/text.h"
#include "vuln/match/coordinate.h"

// fuzz-libs: hf_vuln
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hf;
  using namespace hf::vuln;
  if (size > 4096 || !is_utf8(text_of({data, size}))) return 0;
  ClaimTexts texts;
  for (const auto line : split(text_of({data, size}), '\n')) {
    if (line.starts_with("pkg:")) texts.purls.push_back(line);
    else if (line.starts_with("cpe:")) texts.cpes.push_back(line);
    else if (line.find('@') != std::string_view::npos)
      texts.repos.emplace_back(line.substr(0, line.rfind('@')), line.substr(line.rfind('@') + 1));
    else texts.version = line;
  }
  std::vector<std::string> refused;
  Subject subject;
  subject.claims = claims_of(texts, refused);
  const auto json = claims_json(subject);
  const auto back = subject_of(json);
  if (!back || claims_json(*back) != json || lookup_keys(*back) != lookup_keys(subject)) std::abort();
  return 0;
}
