// What names a profile in documents that are approved before it is used: orders to factories, scripts of ceremonies.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hf::pki {

// SHA-256, hex, of the canonical JSON of a profile that comes with this binary. None if there is none of that name.
[[nodiscard]] std::optional<std::string> profile_digest(std::string_view name);

}  // namespace hf::pki
