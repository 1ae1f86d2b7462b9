// Request targets (RFC 9112 section 3.2) and their parts (RFC 3986).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

namespace hf::net {

struct TargetLimits {
  std::size_t bytes_max = 8192;
  std::size_t segments_max = 32;
  std::size_t parameters_max = 64;
};

struct Target {
  std::vector<std::string> segments;  // decoded one by one, so an encoded slash stays inside its segment
  std::string path;                   // decoded, for the log
  Parameters query;                   // application/x-www-form-urlencoded
};

// origin-form and absolute-form; "*" has no segments. Refused: dot segments (RFC 3986 section 5.2.4: a client
// removes them before it asks), bad escapes, control characters, text that is not UTF-8.
// HF-HTTP-0004 malformed, HF-HTTP-0005 over a limit.
[[nodiscard]] Result<Target> parse_target(std::string_view text, const TargetLimits& limits = {});

// Percent-decodes; with `form`, '+' is a space (WHATWG URL, application/x-www-form-urlencoded).
// Empty if an escape is malformed, or the result holds a control character or is not UTF-8.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool form);
[[nodiscard]] std::string percent_encode(std::string_view text);  // all but RFC 3986 unreserved characters

}  // namespace hf::net
