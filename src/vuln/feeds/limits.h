// What a feed's document may be at most. Over a limit is HF-VULN-0002; an over-long text is labelled, not refused.
#pragma once

#include <cstddef>

namespace hf::vuln {

struct FeedLimits {
  std::size_t bytes_max = std::size_t(1) << 30;  // one document
  std::size_t depth_max = 64;
  std::size_t statements_max = 20'000;  // of one record
  std::size_t versions_max = 200'000;   // of one record
  std::size_t text_max = 4096;          // bytes of a name, a version or a bound
  std::size_t nodes_depth_max = 8;      // NVD nodes
};

}  // namespace hf::vuln
