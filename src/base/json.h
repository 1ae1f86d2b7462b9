// JSON trees for output and small inputs (Boost.JSON); bulk ingest reads with simdjson in its own parser.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hf {

using Json = boost::json::value;
using JsonObject = boost::json::object;
using JsonArray = boost::json::array;

struct JsonLimits {
  std::size_t bytes_max = 1U << 20;
  std::size_t depth_max = 32;
};

// One RFC 8259 text in valid UTF-8. HF-JSON-0001 malformed or a duplicate key, HF-JSON-0002 over a limit.
[[nodiscard]] Result<Json> parse_json(std::string_view text, const JsonLimits& limits = {});
[[nodiscard]] std::string to_text(const Json& json);         // compact
[[nodiscard]] std::string to_pretty_text(const Json& json);  // two spaces, one item a line

// RFC 8785 (JCS): the one byte string of a value, for digests and signatures. HF-JSON-0003 for a number that is
// not an integer of at most 2^53 - 1: evidence holds no floating point.
[[nodiscard]] Result<std::string> canonical_json(const Json& json);

}  // namespace hf
