// The stored form of a normalised advisory: little, fast to decode, bounds-checked, since a database file is input too.
// Integers are LEB128, texts are length and bytes, a field list per type says the order. The first byte is the layout
// version: another one is refused, and the database is rebuilt from its sources.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "vuln/feeds/advisory.h"

namespace hf::vuln {

[[nodiscard]] std::string encode(const Advisory& advisory);
// HF-VULN-0010 for bytes that encode() did not write.
[[nodiscard]] Result<Advisory> decode(std::string_view bytes);

}  // namespace hf::vuln
