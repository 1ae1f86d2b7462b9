// CVE JSON 5.0 to 5.2 (CVEProject/cve-schema). The CNA container and every ADP container are read alike.
#pragma once

#include "vuln/feeds/advisory.h"
#include "vuln/feeds/json_reader.h"

namespace hf::vuln {

[[nodiscard]] bool is_cve5(JsonView root);

// HF-VULN-0003 no CVE id, 0002 over a limit. What is malformed inside is a warning or an unreadable entry.
[[nodiscard]] Result<Advisory> read_cve5(JsonView root, const FeedLimits& limits);

}  // namespace hf::vuln
