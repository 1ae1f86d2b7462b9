// Keys under keys: AES Key Wrap (RFC 3394) and HKDF with SHA-256 (RFC 5869).
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "crypto/secret.h"

namespace hf::crypto {

// Both of 16, 24 or 32 bytes; the wrapped key is 8 longer. HF-CIPHER-0001 for other sizes.
[[nodiscard]] Result<Bytes> aes_key_wrap(ByteView key_encryption_key, ByteView key);
// HF-CIPHER-0002: it was not wrapped under this key.
[[nodiscard]] Result<Secret> aes_key_unwrap(ByteView key_encryption_key, ByteView wrapped);

// At most 255 * 32 bytes. An empty salt is the 32 zeros of section 2.2.
[[nodiscard]] Secret hkdf_sha256(ByteView secret, ByteView salt, ByteView info, std::size_t size);

}  // namespace hf::crypto
