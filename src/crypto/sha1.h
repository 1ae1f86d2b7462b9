// SHA-1 (FIPS 180-4) for names alone: RFC 6960 calls issuers and responders by it. Nothing is trusted for it;
// signatures over SHA-1 are refused (verification.h).
#pragma once

#include "base/text.h"

namespace hf::crypto {

[[nodiscard]] Bytes sha1_name(ByteView bytes);  // 20 bytes

}  // namespace hf::crypto
