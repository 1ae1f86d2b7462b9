// Owners for OpenSSL objects. Only for .cpp files of this domain, and of the TLS of net.
#pragma once

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <memory>

#include "base/text.h"

namespace hf::crypto {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using PkeyPtr = std::unique_ptr<EVP_PKEY, OpensslFree<&EVP_PKEY_free>>;
using PkeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, OpensslFree<&EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, OpensslFree<&EVP_MD_CTX_free>>;
using EcdsaSigPtr = std::unique_ptr<ECDSA_SIG, OpensslFree<&ECDSA_SIG_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, OpensslFree<&BN_free>>;

// A failed call leaves its reasons in a per-thread queue that the next caller would read as its own.
struct ErrorQueue {
  ErrorQueue() = default;
  ~ErrorQueue() { ERR_clear_error(); }
  ErrorQueue(const ErrorQueue&) = delete;
  ErrorQueue& operator=(const ErrorQueue&) = delete;
};

// A public key on a named curve ("prime256v1") from its uncompressed point (SEC 1 2.3.3); null if the point is not on
// it. Faster than a SubjectPublicKeyInfo, for which OpenSSL 3.0 asks its decoders one after the other.
[[nodiscard]] PkeyPtr ec_public_pkey(const char* group, ByteView point);

}  // namespace hf::crypto
