#include "crypto/recipient_key.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <cstdlib>

#include "crypto/openssl_ptr.h"
#include "crypto/verification.h"

namespace hf::crypto {
namespace {

using X509Ptr = std::unique_ptr<X509, OpensslFree<&X509_free>>;
constexpr int kRsaBitsMin = 2048, kRsaBitsMax = 4096;

auto unusable(std::string why) { return fail(ErrorKind::invalid, "HF-RECIPIENT-0004", std::move(why)); }

PkeyPtr pkey_of(ByteView spki) {
  const auto* at = spki.data();
  PkeyPtr pkey(d2i_PUBKEY(nullptr, &at, long(spki.size())));
  return pkey && at == spki.data() + spki.size() ? std::move(pkey) : nullptr;
}

Bytes spki_of(EVP_PKEY* pkey) {
  std::uint8_t* raw = nullptr;
  const int size = i2d_PUBKEY(pkey, &raw);
  if (size <= 0) return {};
  Bytes spki(raw, raw + size);
  OPENSSL_free(raw);
  return spki;
}

Result<RecipientKey> key_of(const PkeyPtr& pkey, Bytes certificate) {
  RecipientKey key{.spki = spki_of(pkey.get()), .certificate = std::move(certificate)};
  const auto other = [] {
    return fail(ErrorKind::invalid, "HF-RECIPIENT-0002",
                "content keys are wrapped for P-256, X25519 and RSA keys of 2048 to 4096 bits; this key is another");
  };
  if (EVP_PKEY_is_a(pkey.get(), "X25519")) {
    key.algorithm = RecipientAlgorithm::x25519;
  } else if (EVP_PKEY_is_a(pkey.get(), "EC")) {
    char group[32] = {};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(pkey.get(), group, sizeof group, &size) != 1 ||
        std::string_view(group, size) != "prime256v1")
      return other();
    key.algorithm = RecipientAlgorithm::p256;
  } else if (EVP_PKEY_is_a(pkey.get(), "RSA")) {
    key.algorithm = RecipientAlgorithm::rsa;
    key.bits = EVP_PKEY_get_bits(pkey.get());
    if (key.bits < kRsaBitsMin || key.bits > kRsaBitsMax) return other();
  } else {
    return other();
  }
  return key;
}

PkeyPtr generate(const RecipientKey& key) {
  return PkeyPtr(key.algorithm == RecipientAlgorithm::p256 ? EVP_EC_gen("prime256v1")
                                                           : EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
}

}  // namespace

std::string_view name_of(RecipientAlgorithm algorithm) {
  switch (algorithm) {
    case RecipientAlgorithm::rsa: return "rsa";
    case RecipientAlgorithm::p256: return "p256";
    case RecipientAlgorithm::x25519: return "x25519";
  }
  return "";
}

Sha256 RecipientKey::fingerprint() const { return sha256({ByteView(spki)}); }

Result<RecipientKey> recipient_key_of(ByteView file) {
  const ErrorQueue errors;
  const auto text = text_of(file);
  if (text.find("PRIVATE KEY-----") != std::string_view::npos)
    return fail(ErrorKind::invalid, "HF-RECIPIENT-0003",
                "the file holds a private key: that stays with the device; give its public key or certificate");
  Bytes der(file.begin(), file.end());
  constexpr std::uint8_t kSequence = 0x30;
  if (der.empty() || der[0] != kSequence) {
    for (const auto* label : {"CERTIFICATE", "PUBLIC KEY"}) {
      auto blocks = pem_blocks(text, label);
      if (blocks && !blocks->empty()) {
        der = std::move(blocks->front());
        break;
      }
    }
  }
  if (const auto pkey = pkey_of(der)) return key_of(pkey, {});
  const auto* at = der.data();
  const X509Ptr certificate(d2i_X509(nullptr, &at, long(der.size())));
  if (certificate && at == der.data() + der.size())
    if (const PkeyPtr pkey(X509_get_pubkey(certificate.get())); pkey) return key_of(pkey, der);
  return fail(ErrorKind::invalid, "HF-RECIPIENT-0001", "the file is neither a public key nor a certificate");
}

Result<Agreement> agree_with(const RecipientKey& key) {
  const ErrorQueue errors;
  if (key.algorithm == RecipientAlgorithm::rsa) return unusable("an RSA key takes no part in a key agreement");
  const auto peer = pkey_of(key.spki);
  if (!peer) return unusable("the recipient's key cannot be read");
  const auto own = generate(key);
  if (!own) std::abort();
  const PkeyContextPtr context(EVP_PKEY_CTX_new(own.get(), nullptr));
  std::size_t size = 0;
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 || EVP_PKEY_derive(context.get(), nullptr, &size) != 1)
    return unusable("the recipient's key takes no part in a key agreement");
  Agreement agreement{.shared = Secret(size)};
  // X25519 with a point of small order gives zeros, which OpenSSL refuses.
  if (EVP_PKEY_derive(context.get(), agreement.shared.data(), &size) != 1 || size != agreement.shared.size())
    return unusable("the recipient's key is of small order");
  std::uint8_t* raw = nullptr;
  const auto count = EVP_PKEY_get1_encoded_public_key(own.get(), &raw);
  if (count == 0) std::abort();
  agreement.ephemeral.assign(raw, raw + count);
  OPENSSL_free(raw);
  return agreement;
}

Result<Bytes> encrypt_oaep(const RecipientKey& key, ByteView secret) {
  const ErrorQueue errors;
  const auto pkey = key.algorithm == RecipientAlgorithm::rsa ? pkey_of(key.spki) : nullptr;
  const PkeyContextPtr context(pkey ? EVP_PKEY_CTX_new(pkey.get(), nullptr) : nullptr);
  std::size_t size = 0;
  if (!context || EVP_PKEY_encrypt_init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING) != 1 ||
      EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), EVP_sha256()) != 1 ||
      EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), EVP_sha256()) != 1 ||
      EVP_PKEY_encrypt(context.get(), nullptr, &size, secret.data(), secret.size()) != 1)
    return unusable("the recipient's key is not an RSA key");
  Bytes out(size);
  if (EVP_PKEY_encrypt(context.get(), out.data(), &size, secret.data(), secret.size()) != 1)
    return unusable("the recipient's key does not encrypt");
  out.resize(size);
  return out;
}

}  // namespace hf::crypto
