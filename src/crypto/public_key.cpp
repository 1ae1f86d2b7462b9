#include "crypto/public_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <array>

#include "crypto/openssl_ptr.h"
#include "crypto/verification.h"

namespace hf::crypto {
namespace {

struct AlgorithmRow {
  KeyAlgorithm algorithm;
  std::string_view name;
  int bits;                // of an RSA modulus, else of the curve
  const char* group;       // OpenSSL's name of the curve
  std::size_t point_size;  // 0: variable
};
constexpr std::array kAlgorithms{
    AlgorithmRow{KeyAlgorithm::ed25519, "ed25519", 0, nullptr, 32},
    AlgorithmRow{KeyAlgorithm::ecdsa_p256, "ecdsa-p256", 256, "prime256v1", 65},
    AlgorithmRow{KeyAlgorithm::ecdsa_p384, "ecdsa-p384", 384, "secp384r1", 97},
    AlgorithmRow{KeyAlgorithm::rsa_2048, "rsa-2048", 2048, nullptr, 0},
    AlgorithmRow{KeyAlgorithm::rsa_3072, "rsa-3072", 3072, nullptr, 0},
    AlgorithmRow{KeyAlgorithm::rsa_4096, "rsa-4096", 4096, nullptr, 0},
};
const AlgorithmRow& row_of(KeyAlgorithm algorithm) { return kAlgorithms[std::size_t(algorithm)]; }
bool is_rsa(KeyAlgorithm algorithm) { return algorithm >= KeyAlgorithm::rsa_2048; }

struct SchemeRow {
  SignatureScheme scheme;
  std::string_view name;
  const char* digest;  // null: the message itself
  std::size_t input;
};
constexpr std::array kSchemes{
    SchemeRow{SignatureScheme::ed25519, "ed25519", nullptr, 0},
    SchemeRow{SignatureScheme::ecdsa_p256_sha256, "ecdsa-p256-sha256", "SHA256", 32},
    SchemeRow{SignatureScheme::ecdsa_p384_sha384, "ecdsa-p384-sha384", "SHA384", 48},
    SchemeRow{SignatureScheme::rsa_pkcs1_sha256, "rsa-pkcs1-sha256", "SHA256", 32},
    SchemeRow{SignatureScheme::rsa_pss_sha256, "rsa-pss-sha256", "SHA256", 32},
};
const SchemeRow& row_of(SignatureScheme scheme) { return kSchemes[std::size_t(scheme)]; }

constexpr int kPssSalt = 32;

PkeyPtr rsa_pkey(KeyAlgorithm algorithm, ByteView der) {
  const auto* at = der.data();
  PkeyPtr pkey(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())));
  if (!pkey || at != der.data() + der.size() || EVP_PKEY_get_bits(pkey.get()) != row_of(algorithm).bits) return nullptr;
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(pkey.get(), OSSL_PKEY_PARAM_RSA_E, &raw) != 1) return nullptr;
  const BignumPtr exponent(raw);
  constexpr int kExponentBits = 33;
  if (BN_is_odd(raw) == 0 || BN_is_one(raw) == 1 || BN_num_bits(raw) > kExponentBits) return nullptr;
  return pkey;
}

PkeyPtr pkey_of(KeyAlgorithm algorithm, ByteView point) {
  if (is_rsa(algorithm)) return rsa_pkey(algorithm, point);
  const auto& row = row_of(algorithm);
  if (point.size() != row.point_size) return nullptr;
  if (algorithm == KeyAlgorithm::ed25519)
    return PkeyPtr(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, point.data(), point.size()));
  return ec_public_pkey(row.group, point);
}

auto refuse() {
  return fail(ErrorKind::invalid, "HF-KEY-0001",
              "not a public key of Ed25519, P-256, P-384 or RSA with 2048, 3072 or 4096 bits");
}

Result<PublicKey> public_key_of_pkey(EVP_PKEY* pkey) {
  std::array<std::uint8_t, 97> point{};
  std::size_t size = point.size();
  if (EVP_PKEY_is_a(pkey, "ED25519") != 0) {
    if (EVP_PKEY_get_raw_public_key(pkey, point.data(), &size) != 1) return refuse();
    return public_key_of(KeyAlgorithm::ed25519, std::span(point).first(size));
  }
  if (EVP_PKEY_is_a(pkey, "RSA") != 0) {
    for (const auto& row : kAlgorithms) {
      if (!is_rsa(row.algorithm) || row.bits != EVP_PKEY_get_bits(pkey)) continue;
      std::uint8_t* der = nullptr;
      const int length = i2d_PublicKey(pkey, &der);
      if (length <= 0) return refuse();
      const Bytes kept(der, der + length);
      OPENSSL_free(der);
      return public_key_of(row.algorithm, kept);
    }
    return refuse();
  }
  std::array<char, 32> group{};
  if (EVP_PKEY_is_a(pkey, "EC") == 0 || EVP_PKEY_get_group_name(pkey, group.data(), group.size(), nullptr) != 1 ||
      EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) != 1)
    return refuse();
  for (const auto& row : kAlgorithms)
    if (row.group && std::string_view(group.data()) == row.group)
      return public_key_of(row.algorithm, std::span(point).first(size));
  return refuse();
}

Bytes bytes_of_number(const BIGNUM* number) {
  Bytes bytes(std::size_t(BN_num_bytes(number)));
  BN_bn2bin(number, bytes.data());
  return bytes;
}

}  // namespace

PkeyPtr ec_public_pkey(const char* group, ByteView point) {
  if (point.empty() || point[0] != 0x04) return nullptr;
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  const std::array<OSSL_PARAM, 3> params{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, const_cast<char*>(group), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, const_cast<std::uint8_t*>(point.data()), point.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* pkey = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &pkey, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(params.data())) != 1)
    return nullptr;
  return PkeyPtr(pkey);
}

std::string_view name_of(KeyAlgorithm algorithm) { return row_of(algorithm).name; }
std::optional<KeyAlgorithm> key_algorithm_of(std::string_view name) {
  for (const auto& row : kAlgorithms)
    if (row.name == name) return row.algorithm;
  return std::nullopt;
}
std::span<const KeyAlgorithm> key_algorithms() {
  static constexpr std::array all{KeyAlgorithm::ed25519,  KeyAlgorithm::ecdsa_p256, KeyAlgorithm::ecdsa_p384,
                                  KeyAlgorithm::rsa_2048, KeyAlgorithm::rsa_3072,   KeyAlgorithm::rsa_4096};
  return all;
}

std::string_view name_of(SignatureScheme scheme) { return row_of(scheme).name; }
std::optional<SignatureScheme> signature_scheme_of(std::string_view name) {
  for (const auto& row : kSchemes)
    if (row.name == name) return row.scheme;
  return std::nullopt;
}
bool fits(SignatureScheme scheme, KeyAlgorithm algorithm) {
  switch (scheme) {
    case SignatureScheme::ed25519: return algorithm == KeyAlgorithm::ed25519;
    case SignatureScheme::ecdsa_p256_sha256: return algorithm == KeyAlgorithm::ecdsa_p256;
    case SignatureScheme::ecdsa_p384_sha384: return algorithm == KeyAlgorithm::ecdsa_p384;
    case SignatureScheme::rsa_pkcs1_sha256:
    case SignatureScheme::rsa_pss_sha256: return is_rsa(algorithm);
  }
  return false;
}
SignatureScheme default_scheme_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::ed25519: return SignatureScheme::ed25519;
    case KeyAlgorithm::ecdsa_p256: return SignatureScheme::ecdsa_p256_sha256;
    case KeyAlgorithm::ecdsa_p384: return SignatureScheme::ecdsa_p384_sha384;
    default: return SignatureScheme::rsa_pkcs1_sha256;
  }
}
std::size_t input_size_of(SignatureScheme scheme) { return row_of(scheme).input; }

Bytes signing_input(SignatureScheme scheme, ByteView message) {
  const auto& row = row_of(scheme);
  if (!row.digest) return Bytes(message.begin(), message.end());
  Bytes digest(row.input);
  std::size_t size = 0;
  if (EVP_Q_digest(nullptr, row.digest, nullptr, message.data(), message.size(), digest.data(), &size) != 1 ||
      size != digest.size())
    std::abort();  // as sha256(): there is no way on without a digest
  return digest;
}

Result<PublicKey> public_key_of(KeyAlgorithm algorithm, ByteView point) {
  const ErrorQueue queue;
  if (!pkey_of(algorithm, point)) return refuse();
  return PublicKey{algorithm, Bytes(point.begin(), point.end())};
}

Result<PublicKey> rsa_public_key_of(ByteView modulus, ByteView exponent) {
  const ErrorQueue queue;
  const BignumPtr n(BN_bin2bn(modulus.data(), int(modulus.size()), nullptr));
  const BignumPtr e(BN_bin2bn(exponent.data(), int(exponent.size()), nullptr));
  constexpr std::size_t kNumberMax = 1024;
  if (!n || !e || modulus.size() > kNumberMax || exponent.size() > kNumberMax) return refuse();
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  // OSSL_PARAM numbers are little endian on this machine, in its own order.
  Bytes n_native(std::size_t(BN_num_bytes(n.get())) + 1), e_native(std::size_t(BN_num_bytes(e.get())) + 1);
  if (BN_bn2nativepad(n.get(), n_native.data(), int(n_native.size())) < 0 ||
      BN_bn2nativepad(e.get(), e_native.data(), int(e_native.size())) < 0)
    return refuse();
  std::array<OSSL_PARAM, 3> params{OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, n_native.data(), n_native.size()),
                                   OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, e_native.data(), e_native.size()),
                                   OSSL_PARAM_construct_end()};
  EVP_PKEY* raw = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.data()) != 1)
    return refuse();
  const PkeyPtr pkey(raw);
  return public_key_of_pkey(pkey.get());
}

Result<RsaNumbers> rsa_numbers_of(const PublicKey& key) {
  const ErrorQueue queue;
  const auto pkey = is_rsa(key.algorithm) ? pkey_of(key.algorithm, key.point) : nullptr;
  BIGNUM *n = nullptr, *e = nullptr;
  if (!pkey || EVP_PKEY_get_bn_param(pkey.get(), OSSL_PKEY_PARAM_RSA_N, &n) != 1) return refuse();
  const BignumPtr modulus(n);
  if (EVP_PKEY_get_bn_param(pkey.get(), OSSL_PKEY_PARAM_RSA_E, &e) != 1) return refuse();
  const BignumPtr exponent(e);
  return RsaNumbers{bytes_of_number(n), bytes_of_number(e)};
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
  return public_key_of_pkey(pkey.get());
}

std::string to_pem(const PublicKey& key) { return pem_of("PUBLIC KEY", to_spki(key)); }

Result<PublicKey> public_key_of_pem(std::string_view pem) {
  const ErrorQueue queue;
  constexpr std::size_t kPemMax = 64U << 10;
  if (pem.size() > kPemMax) return refuse();
  const std::unique_ptr<BIO, OpensslFree<&BIO_free>> bio(BIO_new_mem_buf(pem.data(), int(pem.size())));
  if (!bio) return refuse();
  const PkeyPtr pkey(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (!pkey) return refuse();
  return public_key_of_pkey(pkey.get());
}

Sha256 fingerprint_of(const PublicKey& key) { return sha256({to_spki(key)}); }

bool verify(const PublicKey& key, ByteView message, ByteView signature) {
  return Verifier(key).verify(default_scheme_of(key.algorithm), message, signature);
}

struct Verifier::State {
  KeyAlgorithm algorithm;
  PkeyPtr pkey;
};

Verifier::Verifier(const PublicKey& key)
    : state_(std::make_unique<State>(State{key.algorithm, pkey_of(key.algorithm, key.point)})) {
  ERR_clear_error();
}
Verifier::~Verifier() = default;
Verifier::Verifier(Verifier&&) noexcept = default;
Verifier& Verifier::operator=(Verifier&&) noexcept = default;

bool Verifier::verify(SignatureScheme scheme, ByteView message, ByteView signature) const {
  if (scheme == SignatureScheme::ed25519) return verify_input(scheme, message, signature);
  return verify_input(scheme, signing_input(scheme, message), signature);
}

bool Verifier::verify_input(SignatureScheme scheme, ByteView input, ByteView signature) const {
  const ErrorQueue queue;
  auto* const pkey = state_->pkey.get();
  const auto& row = row_of(scheme);
  if (!pkey || !fits(scheme, state_->algorithm) || (row.input != 0 && input.size() != row.input)) return false;
  if (scheme == SignatureScheme::ed25519) {
    const DigestContextPtr context(EVP_MD_CTX_new());
    return context && EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr, nullptr, pkey, nullptr) == 1 &&
           EVP_DigestVerify(context.get(), signature.data(), signature.size(), input.data(), input.size()) == 1;
  }
  const bool ecdsa = !is_rsa(state_->algorithm);
  const std::size_t size =
      ecdsa ? std::size_t(row_of(state_->algorithm).bits) / 4 : std::size_t(EVP_PKEY_get_size(pkey));
  if (signature.size() != size) return false;
  const auto der = ecdsa ? ecdsa_to_der(signature) : Bytes();
  if (ecdsa) signature = der;
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr));
  const EVP_MD* const digest = scheme == SignatureScheme::ecdsa_p384_sha384 ? EVP_sha384() : EVP_sha256();
  if (!context || EVP_PKEY_verify_init(context.get()) != 1 || EVP_PKEY_CTX_set_signature_md(context.get(), digest) != 1)
    return false;
  if (!ecdsa) {
    const bool pss = scheme == SignatureScheme::rsa_pss_sha256;
    if (EVP_PKEY_CTX_set_rsa_padding(context.get(), pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) != 1 ||
        (pss && (EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), digest) != 1 ||
                 EVP_PKEY_CTX_set_rsa_pss_saltlen(context.get(), kPssSalt) != 1)))
      return false;
  }
  return EVP_PKEY_verify(context.get(), signature.data(), signature.size(), input.data(), input.size()) == 1;
}

Bytes ecdsa_to_der(ByteView signature) {
  if (signature.size() != 64 && signature.size() != 96) return {};
  const auto half = signature.size() / 2;
  BignumPtr r(BN_bin2bn(signature.data(), int(half), nullptr)),
      s(BN_bin2bn(signature.data() + half, int(half), nullptr));
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

Bytes ecdsa_from_der(ByteView der, std::size_t size) {
  const ErrorQueue queue;
  const auto* at = der.data();
  const EcdsaSigPtr pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!pair || at != der.data() + der.size()) return {};
  Bytes out(size);
  const int half = int(size / 2);
  if (BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out.data(), half) != half ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out.data() + half, half) != half)
    return {};
  return out;
}

}  // namespace hf::crypto
