#include "crypto/digest.h"

#include <array>
#include <cstdlib>

#include "crypto/openssl_ptr.h"

namespace hf::crypto {
namespace {

struct Row {
  std::string_view name;
  const EVP_MD* (*md)();
};
constexpr std::array kRows{Row{"sha256", &EVP_sha256}, Row{"sha384", &EVP_sha384}, Row{"sha512", &EVP_sha512},
                           Row{"blake2b-512", &EVP_blake2b512}};

// As sha256(): a library without the digest leaves no way on.
void require(int ok) {
  if (ok != 1) std::abort();
}

}  // namespace

std::string_view name_of(Digest digest) { return kRows[std::size_t(digest)].name; }

struct DigestStream::State {
  DigestContextPtr context{EVP_MD_CTX_new()};
};

DigestStream::DigestStream(Digest digest) : state_(std::make_unique<State>()) {
  require(EVP_DigestInit_ex(state_->context.get(), kRows[std::size_t(digest)].md(), nullptr));
}
DigestStream::~DigestStream() = default;
DigestStream::DigestStream(DigestStream&&) noexcept = default;
DigestStream& DigestStream::operator=(DigestStream&&) noexcept = default;

DigestStream& DigestStream::update(ByteView part) {
  require(EVP_DigestUpdate(state_->context.get(), part.data(), part.size()));
  return *this;
}

Bytes DigestStream::finish() {
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  require(EVP_DigestFinal_ex(state_->context.get(), out.data(), &size));
  out.resize(size);
  return out;
}

Bytes digest_of(Digest digest, ByteView bytes) { return DigestStream(digest).update(bytes).finish(); }

}  // namespace hf::crypto
