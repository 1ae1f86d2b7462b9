// Whatever the bytes: a feed document is read or refused with a code; what is read survives storage, and its keys are
// sorted, unique and of the kinds that a component can have.
#include <algorithm>
#include <cstdlib>

#include "archive/reader.h"
#include "base/text.h"
#include "vuln/db_dir/codec.h"
#include "vuln/feeds/read.h"

// fuzz-libs: hf_vuln
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hf;
  using namespace hf::vuln;
  const FeedLimits limits{.bytes_max = 1U << 20, .statements_max = 200, .versions_max = 500};
  JsonReader reader(limits);
  const FeedSink sink{.advisory = [](const Advisory& advisory) -> Result<void> {
                        const auto back = decode(encode(advisory));
                        if (!back || back->id != advisory.id || back->statements != advisory.statements ||
                            back->configurations != advisory.configurations)
                          std::abort();
                        const auto keys = lookup_keys(advisory);
                        if (std::adjacent_find(keys.begin(), keys.end(), std::greater_equal<>()) != keys.end())
                          std::abort();
                        for (const auto& key : keys)
                          if (!key.starts_with("purl:") && !key.starts_with("git:") && !key.starts_with("product:") &&
                              !key.starts_with("on:"))
                            std::abort();
                        return {};
                      },
                      .kev = [](const KevCatalog& catalog) -> Result<void> {
                        for (const auto& entry : catalog.entries)
                          if (entry.id.empty()) std::abort();
                        return {};
                      },
                      .epss_head = [](const EpssHead&) -> Result<void> { return {}; },
                      .epss = [](const EpssScore& score) -> Result<void> {
                        if (!(score.score >= 0 && score.score <= 1 && score.percentile >= 0 && score.percentile <= 1))
                          std::abort();
                        return {};
                      }};
  const auto kind = read_document(reader, text_of({data, size}), sink);
  if (!kind && kind.error().code.empty()) std::abort();
  return 0;
}
