// NVD API JSON 2.0 (nvd.nist.gov/developers/vulnerabilities): pages, yearly feeds, single records, and overrides
// that hold only configurations under an _annotation.
#pragma once

#include <functional>

#include "vuln/feeds/advisory.h"
#include "vuln/feeds/json_reader.h"

namespace hf::vuln {

[[nodiscard]] bool is_nvd(JsonView root);

// One call per record, in order. A page is read to its end; the first record that could not be read is then the error:
// HF-VULN-0003 without an id, 0002 over a limit. The visitor's errors end the reading.
[[nodiscard]] Result<void> read_nvd(JsonView root, const FeedLimits& limits,
                                    const std::function<Result<void>(Advisory)>& visit);

// An array of configurations, or of CVE 5 cpeApplicability elements, which have the same shape. The tree is kept.
[[nodiscard]] Result<void> read_configurations(JsonView configurations, const std::string& pointer,
                                               std::string_view container, const FeedLimits& limits,
                                               Advisory& advisory);

}  // namespace hf::vuln
