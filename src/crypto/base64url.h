// base64url without padding (RFC 4648 section 5), as WebAuthn writes challenges and credential ids.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"

namespace hf::crypto {

[[nodiscard]] std::string to_base64url(ByteView bytes);
// Absent for anything else, padding and unused bits that are set included.
[[nodiscard]] std::optional<Bytes> from_base64url(std::string_view text);

}  // namespace hf::crypto
