#include "crypto/key_wrap.h"

#include <algorithm>
#include <cstdlib>

#include "crypto/hmac.h"
#include "crypto/openssl_ptr.h"

namespace hf::crypto {
namespace {

using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<&EVP_CIPHER_CTX_free>>;

const EVP_CIPHER* wrap_of(std::size_t size) {
  return size == 16 ? EVP_aes_128_wrap() : size == 24 ? EVP_aes_192_wrap() : size == 32 ? EVP_aes_256_wrap() : nullptr;
}
bool is_key_size(std::size_t size) { return wrap_of(size) != nullptr; }
constexpr std::size_t kIntegrity = 8;

auto bad_size() { return fail(ErrorKind::invalid, "HF-CIPHER-0001", "AES Key Wrap takes keys of 16, 24 or 32 bytes"); }

// False: unwrapping, the integrity check fails.
bool run(ByteView key, ByteView in, std::span<std::uint8_t> out, bool wrapping) {
  const CipherContextPtr context(EVP_CIPHER_CTX_new());
  if (!context) std::abort();
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  if (EVP_CipherInit_ex(context.get(), wrap_of(key.size()), nullptr, key.data(), nullptr, wrapping ? 1 : 0) != 1)
    std::abort();
  int count = 0;
  return EVP_CipherUpdate(context.get(), out.data(), &count, in.data(), int(in.size())) == 1 &&
         std::size_t(count) == out.size();
}

}  // namespace

Result<Bytes> aes_key_wrap(ByteView key_encryption_key, ByteView key) {
  const ErrorQueue errors;
  if (!is_key_size(key_encryption_key.size()) || !is_key_size(key.size())) return bad_size();
  Bytes wrapped(key.size() + kIntegrity);
  if (!run(key_encryption_key, key, wrapped, true)) std::abort();
  return wrapped;
}

Result<Secret> aes_key_unwrap(ByteView key_encryption_key, ByteView wrapped) {
  const ErrorQueue errors;
  if (!is_key_size(key_encryption_key.size()) || wrapped.size() < kIntegrity ||
      !is_key_size(wrapped.size() - kIntegrity))
    return bad_size();
  Secret key(wrapped.size() - kIntegrity);
  if (!run(key_encryption_key, wrapped, {key.data(), key.size()}, false))
    return fail(ErrorKind::invalid, "HF-CIPHER-0002", "the key was not wrapped under this key-encryption key");
  return key;
}

Secret hkdf_sha256(ByteView secret, ByteView salt, ByteView info, std::size_t size) {
  constexpr std::size_t kHash = 32;
  if (size > 255 * kHash) std::abort();
  const Bytes zeros(kHash);
  auto pseudorandom = hmac_sha256(salt.empty() ? ByteView(zeros) : salt, secret);  // 2.2, extract
  Secret out(size);
  Sha256 block{};
  for (std::size_t at = 0, counter = 1; at < size; at += kHash, ++counter) {  // 2.3, expand
    Bytes message;
    if (counter > 1) message.assign(block.begin(), block.end());
    message.insert(message.end(), info.begin(), info.end());
    message.push_back(std::uint8_t(counter));
    block = hmac_sha256(pseudorandom, message);
    std::copy_n(block.begin(), std::min(kHash, size - at), out.data() + at);
    cleanse(message);
  }
  cleanse(pseudorandom), cleanse(block);
  return out;
}

}  // namespace hf::crypto
