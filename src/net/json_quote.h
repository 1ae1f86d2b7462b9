// JSON text without a tree, for problems, log lines and audit records.
#pragma once

#include <string>
#include <string_view>

namespace hf::net {

// Appends an RFC 8259 string, quotes included. What is not UTF-8 is shown byte by byte as U+0080 to U+00FF.
void append_json_string(std::string& out, std::string_view text);
[[nodiscard]] std::string json_quote(std::string_view text);

}  // namespace hf::net
