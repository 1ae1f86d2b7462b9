#include "support/test_keys.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <cstdlib>

#include "crypto/openssl_ptr.h"

namespace hf::test {
namespace {

using crypto::OpensslFree, crypto::PkeyPtr, crypto::PkeyContextPtr, crypto::DigestContextPtr;

using CertificatePtr = std::unique_ptr<X509, OpensslFree<&X509_free>>;
using BioPtr = std::unique_ptr<BIO, OpensslFree<&BIO_free>>;

void require(bool ok) {
  if (!ok) std::abort();
}

EVP_PKEY* generate(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::ed25519: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    case KeyAlgorithm::ecdsa_p256: return EVP_EC_gen("P-256");
    case KeyAlgorithm::ecdsa_p384: return EVP_EC_gen("P-384");
    case KeyAlgorithm::rsa_2048: return EVP_RSA_gen(2048);
    case KeyAlgorithm::rsa_3072: return EVP_RSA_gen(3072);
    case KeyAlgorithm::rsa_4096: return EVP_RSA_gen(4096);
  }
  std::abort();
}

std::string text_of_bio(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, std::size_t(size)};
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void add_name(X509_NAME* name, const std::string& text) {
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                                     int(text.size()), -1, 0) == 1);
}

}  // namespace

struct TestKey::State {
  PkeyPtr pkey;
  PublicKey key;
};

TestKey::TestKey(KeyAlgorithm algorithm) : state_(std::make_shared<State>()) {
  state_->pkey.reset(generate(algorithm));
  require(state_->pkey != nullptr);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(state_->pkey.get(), &der);
  require(size > 0);
  auto key = crypto::public_key_of_spki({der, std::size_t(size)});
  OPENSSL_free(der);
  require(key.has_value());
  state_->key = *std::move(key);
}

const PublicKey& TestKey::key() const { return state_->key; }

Bytes TestKey::sign(SignatureScheme scheme, ByteView message) const {
  return sign_input(scheme, crypto::signing_input(scheme, message));
}

Bytes TestKey::sign_input(SignatureScheme scheme, ByteView input) const {
  require(fits(scheme, state_->key.algorithm));
  Bytes signature(1024);
  std::size_t size = signature.size();
  if (scheme == SignatureScheme::ed25519) {
    const DigestContextPtr context(EVP_MD_CTX_new());
    require(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, state_->pkey.get()) == 1 &&
            EVP_DigestSign(context.get(), signature.data(), &size, input.data(), input.size()) == 1);
    signature.resize(size);
    return signature;
  }
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, state_->pkey.get(), nullptr));
  const auto* md = scheme == SignatureScheme::ecdsa_p384_sha384 ? EVP_sha384() : EVP_sha256();
  require(EVP_PKEY_sign_init(context.get()) == 1 && EVP_PKEY_CTX_set_signature_md(context.get(), md) == 1);
  if (scheme == SignatureScheme::rsa_pss_sha256)
    require(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PSS_PADDING) == 1 &&
            EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), md) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), 32) == 1);
  require(EVP_PKEY_sign(context.get(), signature.data(), &size, input.data(), input.size()) == 1);
  signature.resize(size);
  if (scheme == SignatureScheme::ecdsa_p256_sha256) return crypto::ecdsa_from_der(signature, 64);
  if (scheme == SignatureScheme::ecdsa_p384_sha384) return crypto::ecdsa_from_der(signature, 96);
  return signature;
}

std::string TestKey::private_pem() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PKCS8PrivateKey(bio.get(), state_->pkey.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_of_bio(bio.get());
}

std::string TestKey::sec1_pem() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  require(PEM_write_bio_PrivateKey_traditional(bio.get(), state_->pkey.get(), nullptr, nullptr, 0, nullptr, nullptr) ==
          1);
  return text_of_bio(bio.get());
}

Bytes TestKey::certificate(const CertificateSpec& spec) const {
  static long serial = 1000;
  const CertificatePtr certificate(X509_new());
  auto* const x509 = certificate.get();
  constexpr std::time_t k2026 = 1767225600, k2046 = 2398377600;
  const auto seconds = [](Time time) { return std::time_t(micros(time) / 1'000'000); };
  require(X509_set_version(x509, 2) == 1 && ASN1_INTEGER_set(X509_get_serialNumber(x509), ++serial) == 1);
  require(ASN1_TIME_set(X509_getm_notBefore(x509), spec.not_before == Time{} ? k2026 : seconds(spec.not_before)) &&
          ASN1_TIME_set(X509_getm_notAfter(x509), spec.not_after == Time{} ? k2046 : seconds(spec.not_after)));
  add_name(X509_get_subject_name(x509), spec.name);
  add_name(X509_get_issuer_name(x509), spec.issuer ? spec.issuer_name : spec.name);
  require(X509_set_pubkey(x509, state_->pkey.get()) == 1);
  add_extension(x509, x509, NID_subject_key_identifier, "hash");
  add_extension(x509, x509, NID_basic_constraints, spec.ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(x509, x509, NID_key_usage, spec.ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  std::string eku;
  for (const auto& name : spec.eku) eku += (eku.empty() ? "" : ",") + name;
  if (!eku.empty()) add_extension(x509, x509, NID_ext_key_usage, eku);
  const auto& signer = spec.issuer ? *spec.issuer->state_ : *state_;
  const bool plain = signer.key.algorithm == KeyAlgorithm::ed25519;
  require(X509_sign(x509, signer.pkey.get(), plain ? nullptr : EVP_sha256()) > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509, &der);
  require(size > 0);
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

std::string certificate_pem(ByteView der) {
  constexpr std::size_t kLine = 64;
  const auto text = to_base64(der);
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t at = 0; at < text.size(); at += kLine) pem += text.substr(at, kLine) + "\n";
  return pem + "-----END CERTIFICATE-----\n";
}

}  // namespace hf::test
