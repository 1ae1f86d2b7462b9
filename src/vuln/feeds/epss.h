// FIRST EPSS scores: CSV, "#model_version:v2025.03.14,score_date:..." then "cve,epss,percentile".
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hf::vuln {

struct EpssScore {
  std::string_view id;    // CVE id
  double score = 0;       // probability in 30 days, 0 to 1
  double percentile = 0;  // 0 to 1
};

struct EpssHead {
  std::string model_version;  // a new model makes scores jump: keep it beside them
  std::string score_date;     // as stated
};

struct EpssCount {
  EpssHead head;
  std::size_t scores = 0;
  std::size_t refused = 0;  // lines that are not a score
};

[[nodiscard]] bool is_epss(std::string_view text);
// HF-VULN-0003 if there is no header line "cve,epss,...".
[[nodiscard]] Result<EpssCount> read_epss(std::string_view text,
                                          const std::function<Result<void>(const EpssScore&)>& visit);

}  // namespace hf::vuln
