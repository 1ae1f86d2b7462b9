// HMAC-SHA-256 (RFC 2104), for salted commitments and tokens that the server signs for itself.
#pragma once

#include "base/text.h"
#include "crypto/sha256.h"

namespace hf::crypto {

// Ends the process if the library has no HMAC. Compare with equal_in_constant_time().
[[nodiscard]] Sha256 hmac_sha256(ByteView key, ByteView message);

}  // namespace hf::crypto
