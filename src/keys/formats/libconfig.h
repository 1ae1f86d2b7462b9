// The configuration language of sw-description (libconfig manual, chapter "Configuration Files"), read into the same
// tree as its JSON form. No @include: what is signed would then not be what is read.
#pragma once

#include "base/error.h"
#include "base/json.h"

namespace hf::keys {

// Groups become objects, arrays and lists arrays, 64-bit integers and booleans themselves, floats their text.
// HF-FORMAT-0004 with the line: what the grammar does not have, a setting of one name twice, or deeper than 16.
[[nodiscard]] Result<JsonObject> parse_libconfig(std::string_view text);

}  // namespace hf::keys
