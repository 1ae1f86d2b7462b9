// AES over streams of any length in constant memory: what encrypts artifacts.
#pragma once

#include <memory>

#include "base/error.h"
#include "base/text.h"

namespace hf::crypto {

enum class CipherMode {
  ctr,  // SP 800-38A 6.5, the whole block is the counter, big endian; no integrity of its own
  cbc,  // SP 800-38A 6.2 with the padding of PKCS #7 (RFC 5652 6.3); no integrity of its own
  gcm,  // SP 800-38D, tag of 16 bytes at the end of the ciphertext, as COSE and CMS have it
};
inline constexpr std::size_t kAesBlock = 16, kGcmNonce = 12, kGcmTag = 16;
// Of the plain text under one key and nonce (SP 800-38D 5.2.1.1): 2^39 - 256 bits.
inline constexpr std::uint64_t kGcmBytesMax = (std::uint64_t{1} << 36) - 32;

class CipherStream {
 public:
  // Key of 16 or 32 bytes; iv of 16 bytes, of 12 for GCM, whose `aad` is authenticated and not encrypted.
  // HF-CIPHER-0001 for other sizes.
  [[nodiscard]] static Result<CipherStream> encrypt(CipherMode mode, ByteView key, ByteView iv, ByteView aad = {});
  [[nodiscard]] static Result<CipherStream> decrypt(CipherMode mode, ByteView key, ByteView iv, ByteView aad = {});
  ~CipherStream();
  CipherStream(CipherStream&&) noexcept;
  CipherStream& operator=(CipherStream&&) noexcept;

  // What is known after this part. Of GCM nothing that is decrypted may be used before finish() has succeeded.
  // HF-CIPHER-0003 over kGcmBytesMax.
  [[nodiscard]] Result<Bytes> update(ByteView part);
  // The rest, once: padding, or the tag. HF-CIPHER-0002: padding or tag are not those of this key.
  [[nodiscard]] Result<Bytes> finish();

 private:
  struct State;
  explicit CipherStream(std::unique_ptr<State> state);
  [[nodiscard]] static Result<CipherStream> begin(CipherMode mode, ByteView key, ByteView iv, ByteView aad,
                                                  bool encrypting);
  std::unique_ptr<State> state_;
};

}  // namespace hf::crypto
