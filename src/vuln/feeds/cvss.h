// Small pieces that several feeds share: CVSS objects as FIRST's JSON schemas shape them, dates, cut texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "vuln/feeds/advisory.h"
#include "vuln/feeds/json_reader.h"

namespace hf::vuln {

// `member` names the version where the object does not: "cvssV3_1", "cvssMetricV31".
[[nodiscard]] Cvss read_cvss(JsonView cvss, std::string_view member, std::string_view source);
// Dates of feeds: RFC 3339, also without a zone (NVD and older CVE records: UTC). Year 1 (Go) is absence.
[[nodiscard]] std::optional<Time> time_or_none(std::string_view text);
// At most `bytes_max` bytes, never half a character.
[[nodiscard]] std::string utf8_prefix(std::string_view text, std::size_t bytes_max);

}  // namespace hf::vuln
