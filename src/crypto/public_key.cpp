#include "crypto/public_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <array>

#include "crypto/openssl_ptr.h"

namespace hf::crypto {
namespace {

// A failed call leaves its reasons in a per-thread queue that the next caller would read as its own.
struct ErrorQueue {
  ~ErrorQueue() { ERR_clear_error(); }
};

PkeyPtr pkey_of(KeyAlgorithm algorithm, ByteView point) {
  if (algorithm == KeyAlgorithm::ed25519) {
    if (point.size() != 32) return nullptr;
    return PkeyPtr(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, point.data(), point.size()));
  }
  if (point.size() != 65 || point[0] != 0x04) return nullptr;
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  std::array<char, 11> group{"prime256v1"};
  const std::array<OSSL_PARAM, 3> params{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<std::uint8_t*>(point.data()), point.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* pkey = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &pkey, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params.data())) != 1)
    return nullptr;
  return PkeyPtr(pkey);
}

auto refuse() { return fail(ErrorKind::invalid, "HF-KEY-0001", "not an Ed25519 or P-256 public key"); }

}  // namespace

std::string_view name_of(KeyAlgorithm algorithm) {
  return algorithm == KeyAlgorithm::ed25519 ? "ed25519" : "ecdsa-p256";
}

Result<PublicKey> public_key_of(KeyAlgorithm algorithm, ByteView point) {
  const ErrorQueue queue;
  if (!pkey_of(algorithm, point)) return refuse();
  return PublicKey{algorithm, Bytes(point.begin(), point.end())};
}

Bytes to_spki(const PublicKey& key) {
  const ErrorQueue queue;
  const auto pkey = pkey_of(key.algorithm, key.point);
  std::uint8_t* der = nullptr;
  const int size = pkey ? i2d_PUBKEY(pkey.get(), &der) : 0;
  if (size <= 0) return {};
  Bytes spki(der, der + size);
  OPENSSL_free(der);
  return spki;
}

Result<PublicKey> public_key_of_spki(ByteView der) {
  const ErrorQueue queue;
  const auto* at = der.data();
  const PkeyPtr pkey(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!pkey || at != der.data() + der.size()) return refuse();
  std::array<std::uint8_t, 65> point{};
  std::size_t size = point.size();
  if (EVP_PKEY_is_a(pkey.get(), "ED25519") != 0) {
    if (EVP_PKEY_get_raw_public_key(pkey.get(), point.data(), &size) != 1) return refuse();
    return public_key_of(KeyAlgorithm::ed25519, std::span(point).first(size));
  }
  std::array<char, 32> group{};
  if (EVP_PKEY_is_a(pkey.get(), "EC") == 0 ||
      EVP_PKEY_get_group_name(pkey.get(), group.data(), group.size(), nullptr) != 1 ||
      std::string_view(group.data()) != "prime256v1" ||
      EVP_PKEY_get_octet_string_param(pkey.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) != 1)
    return refuse();
  return public_key_of(KeyAlgorithm::ecdsa_p256, std::span(point).first(size));
}

Sha256 fingerprint_of(const PublicKey& key) { return sha256({to_spki(key)}); }

bool verify(const PublicKey& key, ByteView message, ByteView signature) {
  const ErrorQueue queue;
  if (signature.size() != kSignatureSize) return false;
  const auto pkey = pkey_of(key.algorithm, key.point);
  const DigestContextPtr context(EVP_MD_CTX_new());
  if (!pkey || !context) return false;
  const bool ecdsa = key.algorithm == KeyAlgorithm::ecdsa_p256;
  const auto der = ecdsa ? ecdsa_to_der(signature) : Bytes(signature.begin(), signature.end());
  return EVP_DigestVerifyInit_ex(context.get(), nullptr, ecdsa ? "SHA256" : nullptr, nullptr, nullptr, pkey.get(),
                                 nullptr) == 1 &&
         EVP_DigestVerify(context.get(), der.data(), der.size(), message.data(), message.size()) == 1;
}

Bytes ecdsa_to_der(ByteView signature) {
  if (signature.size() != kSignatureSize) return {};
  BignumPtr r(BN_bin2bn(signature.data(), 32, nullptr)), s(BN_bin2bn(signature.data() + 32, 32, nullptr));
  const EcdsaSigPtr pair(ECDSA_SIG_new());
  if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release()), static_cast<void>(s.release());  // set0 took them
  std::uint8_t* out = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &out);
  if (size <= 0) return {};
  Bytes der(out, out + size);
  OPENSSL_free(out);
  return der;
}

}  // namespace hf::crypto
