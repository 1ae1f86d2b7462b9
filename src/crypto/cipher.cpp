#include "crypto/cipher.h"

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "crypto/openssl_ptr.h"

namespace hf::crypto {
namespace {

using CipherContextPtr = std::unique_ptr<EVP_CIPHER_CTX, OpensslFree<&EVP_CIPHER_CTX_free>>;

const EVP_CIPHER* cipher_of(CipherMode mode, std::size_t key_size) {
  const bool wide = key_size == 32;
  if (key_size != 16 && !wide) return nullptr;
  switch (mode) {
    case CipherMode::ctr: return wide ? EVP_aes_256_ctr() : EVP_aes_128_ctr();
    case CipherMode::cbc: return wide ? EVP_aes_256_cbc() : EVP_aes_128_cbc();
    case CipherMode::gcm: return wide ? EVP_aes_256_gcm() : EVP_aes_128_gcm();
  }
  return nullptr;
}

auto not_of_this_key() {
  return fail(ErrorKind::invalid, "HF-CIPHER-0002",
              "it does not decrypt: the key is another, or the ciphertext was changed");
}

}  // namespace

struct CipherStream::State {
  CipherContextPtr context{EVP_CIPHER_CTX_new()};
  CipherMode mode{};
  bool encrypting = false;
  std::uint64_t bytes = 0;
  Bytes held{};  // GCM, decrypting: the last 16 bytes may be the tag
};

CipherStream::CipherStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
CipherStream::~CipherStream() = default;
CipherStream::CipherStream(CipherStream&&) noexcept = default;
CipherStream& CipherStream::operator=(CipherStream&&) noexcept = default;

Result<CipherStream> CipherStream::begin(CipherMode mode, ByteView key, ByteView iv, ByteView aad, bool encrypting) {
  const ErrorQueue errors;
  const auto* cipher = cipher_of(mode, key.size());
  if (!cipher || iv.size() != (mode == CipherMode::gcm ? kGcmNonce : kAesBlock) ||
      (mode != CipherMode::gcm && !aad.empty()) || aad.size() > INT_MAX)
    return fail(ErrorKind::invalid, "HF-CIPHER-0001", "the key or initialization vector is not of the cipher's size");
  auto state = std::make_unique<State>();
  state->mode = mode, state->encrypting = encrypting;
  auto* const context = state->context.get();
  int count = 0;
  if (!context || EVP_CipherInit_ex(context, cipher, nullptr, key.data(), iv.data(), encrypting ? 1 : 0) != 1 ||
      (!aad.empty() && EVP_CipherUpdate(context, nullptr, &count, aad.data(), int(aad.size())) != 1))
    std::abort();  // nothing here depends on the data
  return CipherStream(std::move(state));
}

Result<CipherStream> CipherStream::encrypt(CipherMode mode, ByteView key, ByteView iv, ByteView aad) {
  return begin(mode, key, iv, aad, true);
}
Result<CipherStream> CipherStream::decrypt(CipherMode mode, ByteView key, ByteView iv, ByteView aad) {
  return begin(mode, key, iv, aad, false);
}

Result<Bytes> CipherStream::update(ByteView part) {
  auto& state = *state_;
  state.bytes += part.size();
  if (state.mode == CipherMode::gcm && state.bytes > kGcmBytesMax)
    return fail(ErrorKind::limit, "HF-CIPHER-0003", "AES-GCM takes at most 64 GiB under one key and nonce");
  Bytes joined;
  if (state.mode == CipherMode::gcm && !state.encrypting) {
    joined = std::move(state.held);
    joined.insert(joined.end(), part.begin(), part.end());
    const auto keep = std::min(joined.size(), kGcmTag);
    state.held.assign(joined.end() - std::ptrdiff_t(keep), joined.end());
    joined.resize(joined.size() - keep);
    part = joined;
  }
  Bytes out;
  constexpr std::size_t kStep = std::size_t{1} << 30;  // OpenSSL counts in int
  while (!part.empty()) {
    const auto piece = part.first(std::min(part.size(), kStep));
    const auto before = out.size();
    out.resize(before + piece.size() + kAesBlock);
    int count = 0;
    if (EVP_CipherUpdate(state.context.get(), out.data() + before, &count, piece.data(), int(piece.size())) != 1)
      std::abort();
    out.resize(before + std::size_t(count));
    part = part.subspan(piece.size());
  }
  return out;
}

Result<Bytes> CipherStream::finish() {
  const ErrorQueue errors;
  auto& state = *state_;
  auto* const context = state.context.get();
  const bool gcm = state.mode == CipherMode::gcm;
  if (gcm && !state.encrypting &&
      (state.held.size() != kGcmTag ||
       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, int(kGcmTag), state.held.data()) != 1))
    return not_of_this_key();
  Bytes out(kAesBlock);
  int count = 0;
  if (EVP_CipherFinal_ex(context, out.data(), &count) != 1) return not_of_this_key();
  out.resize(std::size_t(count));
  if (gcm && state.encrypting) {
    out.resize(kGcmTag);
    if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, int(kGcmTag), out.data()) != 1) std::abort();
  }
  return out;
}

}  // namespace hf::crypto
