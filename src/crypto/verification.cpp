#include "crypto/verification.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <algorithm>
#include <array>

#include "crypto/der.h"
#include "crypto/openssl_ptr.h"

namespace hf::crypto {
namespace {

constexpr std::array kAlgorithms{
    VerificationAlgorithm{"ed25519", KeyKind::ed25519, 0, HashKind::none, Padding::none, EcdsaForm::der},
    VerificationAlgorithm{"ed448", KeyKind::ed448, 0, HashKind::none, Padding::none, EcdsaForm::der},
    VerificationAlgorithm{"ecdsa-p256-sha256", KeyKind::ec, 256, HashKind::sha256, Padding::none, EcdsaForm::der},
    VerificationAlgorithm{"ecdsa-p256-sha384", KeyKind::ec, 256, HashKind::sha384, Padding::none, EcdsaForm::der},
    VerificationAlgorithm{"ecdsa-p256-sha512", KeyKind::ec, 256, HashKind::sha512, Padding::none, EcdsaForm::der},
    VerificationAlgorithm{"ecdsa-p384-sha256", KeyKind::ec, 384, HashKind::sha256, Padding::none, EcdsaForm::der},
    VerificationAlgorithm{"ecdsa-p384-sha384", KeyKind::ec, 384, HashKind::sha384, Padding::none, EcdsaForm::der},
    VerificationAlgorithm{"ecdsa-p384-sha512", KeyKind::ec, 384, HashKind::sha512, Padding::none, EcdsaForm::der},
    VerificationAlgorithm{"ecdsa-p521-sha512", KeyKind::ec, 521, HashKind::sha512, Padding::none, EcdsaForm::der},
    VerificationAlgorithm{"ecdsa-p256-sha256-p1363", KeyKind::ec, 256, HashKind::sha256, Padding::none,
                          EcdsaForm::p1363},
    VerificationAlgorithm{"ecdsa-p256-sha512-p1363", KeyKind::ec, 256, HashKind::sha512, Padding::none,
                          EcdsaForm::p1363},
    VerificationAlgorithm{"ecdsa-p384-sha384-p1363", KeyKind::ec, 384, HashKind::sha384, Padding::none,
                          EcdsaForm::p1363},
    VerificationAlgorithm{"ecdsa-p384-sha512-p1363", KeyKind::ec, 384, HashKind::sha512, Padding::none,
                          EcdsaForm::p1363},
    VerificationAlgorithm{"ecdsa-p521-sha512-p1363", KeyKind::ec, 521, HashKind::sha512, Padding::none,
                          EcdsaForm::p1363},
    VerificationAlgorithm{"rsa-pkcs1-sha256", KeyKind::rsa, 0, HashKind::sha256, Padding::pkcs1, EcdsaForm::der},
    VerificationAlgorithm{"rsa-pkcs1-sha384", KeyKind::rsa, 0, HashKind::sha384, Padding::pkcs1, EcdsaForm::der},
    VerificationAlgorithm{"rsa-pkcs1-sha512", KeyKind::rsa, 0, HashKind::sha512, Padding::pkcs1, EcdsaForm::der},
    VerificationAlgorithm{"rsa-pss-sha256", KeyKind::rsa, 0, HashKind::sha256, Padding::pss, EcdsaForm::der},
    VerificationAlgorithm{"rsa-pss-sha384", KeyKind::rsa, 0, HashKind::sha384, Padding::pss, EcdsaForm::der},
    VerificationAlgorithm{"rsa-pss-sha512", KeyKind::rsa, 0, HashKind::sha512, Padding::pss, EcdsaForm::der},
};

const EVP_MD* md_of(HashKind hash) {
  switch (hash) {
    case HashKind::none: return nullptr;
    case HashKind::sha1: return EVP_sha1();
    case HashKind::sha256: return EVP_sha256();
    case HashKind::sha384: return EVP_sha384();
    case HashKind::sha512: return EVP_sha512();
  }
  return nullptr;
}

// The bytes that RFC 4055 section 3.1 writes for RSASSA-PSS: hash, MGF1 with the same hash, a salt of the hash's size.
Bytes pss_identifier(std::string_view hash_oid, std::uint64_t salt) {
  const auto hash = der::value(der::kSequence, std::initializer_list<ByteView>{der::oid(hash_oid), der::null()});
  const auto mgf = der::value(der::kSequence, std::initializer_list<ByteView>{der::oid("1.2.840.113549.1.1.8"), hash});
  const auto parameters =
      der::value(der::kSequence, std::initializer_list<ByteView>{der::value(der::context(0), {hash}),
                                                                 der::value(der::context(1), {mgf}),
                                                                 der::value(der::context(2), {der::integer(salt)})});
  return der::value(der::kSequence, std::initializer_list<ByteView>{der::oid("1.2.840.113549.1.1.10"), parameters});
}

struct Identifier {
  Bytes der;
  VerificationAlgorithm algorithm;
};
const std::vector<Identifier>& identifiers() {
  static const auto list = [] {
    const auto with = [](std::string_view oid, bool null) {
      return der::value(der::kSequence, std::initializer_list<ByteView>{der::oid(oid), null ? der::null() : Bytes()});
    };
    const auto ecdsa = [](HashKind hash, std::string_view name) {
      return VerificationAlgorithm{name, KeyKind::ec, 0, hash, Padding::none, EcdsaForm::der};
    };
    const auto rsa = [](HashKind hash, Padding padding, std::string_view name) {
      return VerificationAlgorithm{name, KeyKind::rsa, 0, hash, padding, EcdsaForm::der};
    };
    std::vector<Identifier> all;
    all.push_back({with("1.2.840.10045.4.3.2", false), ecdsa(HashKind::sha256, "ecdsa-sha256")});  // RFC 5758 3.2
    all.push_back({with("1.2.840.10045.4.3.3", false), ecdsa(HashKind::sha384, "ecdsa-sha384")});
    all.push_back({with("1.2.840.10045.4.3.4", false), ecdsa(HashKind::sha512, "ecdsa-sha512")});
    all.push_back({with("1.2.840.10045.4.1", false), ecdsa(HashKind::sha1, "ecdsa-sha1")});
    all.push_back({with("1.2.840.113549.1.1.11", true), rsa(HashKind::sha256, Padding::pkcs1, "rsa-pkcs1-sha256")});
    all.push_back({with("1.2.840.113549.1.1.12", true), rsa(HashKind::sha384, Padding::pkcs1, "rsa-pkcs1-sha384")});
    all.push_back({with("1.2.840.113549.1.1.13", true), rsa(HashKind::sha512, Padding::pkcs1, "rsa-pkcs1-sha512")});
    all.push_back({with("1.2.840.113549.1.1.5", true), rsa(HashKind::sha1, Padding::pkcs1, "rsa-pkcs1-sha1")});
    all.push_back(
        {pss_identifier("2.16.840.1.101.3.4.2.1", 32), rsa(HashKind::sha256, Padding::pss, "rsa-pss-sha256")});
    all.push_back(
        {pss_identifier("2.16.840.1.101.3.4.2.2", 48), rsa(HashKind::sha384, Padding::pss, "rsa-pss-sha384")});
    all.push_back(
        {pss_identifier("2.16.840.1.101.3.4.2.3", 64), rsa(HashKind::sha512, Padding::pss, "rsa-pss-sha512")});
    all.push_back({with("1.3.101.112", false), kAlgorithms[0]});  // RFC 8410 section 6
    all.push_back({with("1.3.101.113", false), kAlgorithms[1]});
    return all;
  }();
  return list;
}

auto refuse(std::string why) {
  return fail(ErrorKind::invalid, "HF-KEY-0009", "not a public key that is taken: " + why);
}

BignumPtr number_of(EVP_PKEY* pkey, const char* name) {
  BIGNUM* raw = nullptr;
  EVP_PKEY_get_bn_param(pkey, name, &raw);
  return BignumPtr(raw);
}

// A modulus of the RSA generator of CVE-2017-15361: modulo every small prime it is a power of 65537, which a random
// modulus is for all of these with a chance below 2^-27.
bool is_roca(const BIGNUM* modulus) {
  constexpr std::array kPrimes{11U, 13U, 17U,  19U,  37U,  53U,  61U,  71U, 73U,
                               79U, 97U, 103U, 107U, 109U, 127U, 151U, 157U};
  return std::ranges::all_of(kPrimes, [&](unsigned prime) {
    const auto wanted = BN_mod_word(modulus, prime);
    BN_ULONG power = 1;
    do {
      if (power == wanted) return true;
      power = power * 65537U % prime;
    } while (power != 1);
    return false;
  });
}

bool has_small_factor(const BIGNUM* modulus) {
  constexpr BN_ULONG kMax = 2'000;
  for (BN_ULONG odd = 3; odd < kMax; odd += 2)
    if (BN_mod_word(modulus, odd) == 0) return true;
  return false;
}

// Fermat: primes that differ in their low bits alone are found in a few steps (CVE-2022-26320).
bool has_close_primes(const BIGNUM* modulus) {
  constexpr int kSteps = 100;
  const std::unique_ptr<BN_CTX, OpensslFree<&BN_CTX_free>> context(BN_CTX_new());
  const BignumPtr a(BN_new()), square(BN_new()), rest(BN_new()), root(BN_new());
  const auto integer_root = [&](BIGNUM* out, const BIGNUM* of) {  // Newton, from above
    if (BN_is_zero(of)) return BN_zero(out), true;
    const BignumPtr x(BN_new()), y(BN_new());
    if (BN_one(y.get()) != 1 || BN_lshift(y.get(), y.get(), (BN_num_bits(of) + 1) / 2 + 1) != 1) return false;
    do {
      if (!BN_copy(x.get(), y.get()) || BN_div(y.get(), nullptr, of, x.get(), context.get()) != 1 ||
          BN_add(y.get(), y.get(), x.get()) != 1 || BN_rshift1(y.get(), y.get()) != 1)
        return false;
    } while (BN_cmp(y.get(), x.get()) < 0);
    return BN_copy(out, x.get()) != nullptr;
  };
  if (!context || !integer_root(a.get(), modulus) || BN_add_word(a.get(), 1) != 1) return false;
  for (int step = 0; step < kSteps; ++step) {
    if (BN_sqr(square.get(), a.get(), context.get()) != 1 || BN_sub(rest.get(), square.get(), modulus) != 1 ||
        !integer_root(root.get(), rest.get()) || BN_sqr(square.get(), root.get(), context.get()) != 1)
      return false;
    if (BN_cmp(square.get(), rest.get()) == 0) return true;
    if (BN_add_word(a.get(), 1) != 1) return false;
  }
  return false;
}

struct Spki {
  KeyKind kind{};
  const char* group = nullptr;  // OpenSSL's name of the curve
  ByteView key{};               // of the BIT STRING
};

struct Curve {
  Bytes oid;
  const char* group;
};
const std::array<Curve, 3>& curves() {
  static const std::array<Curve, 3> all{Curve{der::oid("1.2.840.10045.3.1.7"), "prime256v1"},
                                        Curve{der::oid("1.3.132.0.34"), "secp384r1"},
                                        Curve{der::oid("1.3.132.0.35"), "secp521r1"}};
  return all;
}

// As RFC 5480, RFC 4055 and RFC 8410 write it, beyond what OpenSSL asks for. Empty: so it is; else what is wrong.
std::string read_spki(ByteView bytes, Spki& out) {
  static const auto kEc = der::oid("1.2.840.10045.2.1"), kRsa = der::oid("1.2.840.113549.1.1.1"),
                    kEd25519 = der::oid("1.3.101.112"), kEd448 = der::oid("1.3.101.113");
  DerReader outer(bytes);
  const auto info = outer.next(der::kSequence);
  if (!info || !outer.at_end()) return "it is no SubjectPublicKeyInfo in DER";
  DerReader fields(info->content);
  const auto algorithm = fields.next(der::kSequence);
  const auto key = fields.next(der::kBitString);
  if (!algorithm || !key || !fields.at_end() || key->content.size() < 2 || key->content[0] != 0)
    return "it is no SubjectPublicKeyInfo in DER";
  out.key = key->content.subspan(1);
  DerReader parts(algorithm->content);
  const auto oid = parts.next(der::kOid);
  if (!oid) return "its algorithm is none";
  const auto is = [&](const Bytes& other) { return std::ranges::equal(oid->whole, other); };
  if (is(kEc)) {
    out.kind = KeyKind::ec;
    const auto curve = parts.next(der::kOid);
    if (!curve || !parts.at_end()) return "its curve is not named";
    for (const auto& known : curves())
      if (std::ranges::equal(curve->whole, known.oid)) out.group = known.group;
    if (!out.group) return "its curve is not P-256, P-384 or P-521";
    return out.key[0] == 0x04 ? "" : "its point is not uncompressed";
  }
  if (is(kRsa)) {
    out.kind = KeyKind::rsa;
    const auto null = parts.next(der::kNull);
    return null && null->content.empty() && parts.at_end() ? "" : "the parameters of its algorithm are not NULL";
  }
  if (!is(kEd25519) && !is(kEd448)) return "its algorithm is not RSA, EC, Ed25519 or Ed448";
  out.kind = is(kEd25519) ? KeyKind::ed25519 : KeyKind::ed448;
  return parts.at_end() ? "" : "its algorithm has parameters";
}

PkeyPtr pkey_of(const Spki& spki) {
  switch (spki.kind) {
    case KeyKind::ec: return ec_public_pkey(spki.group, spki.key);
    case KeyKind::ed25519:
    case KeyKind::ed448:
      return PkeyPtr(EVP_PKEY_new_raw_public_key(spki.kind == KeyKind::ed25519 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448,
                                                 nullptr, spki.key.data(), spki.key.size()));
    case KeyKind::rsa: break;
  }
  const auto* at = spki.key.data();
  PkeyPtr pkey(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(spki.key.size())));
  return at == spki.key.data() + spki.key.size() ? std::move(pkey) : nullptr;
}

// RSAPublicKey (RFC 8017 A.1.1): two INTEGERs in DER, of which OpenSSL takes other encodings too.
bool is_rsa_public_key(ByteView bytes) {
  DerReader outer(bytes);
  const auto sequence = outer.next(der::kSequence);
  if (!sequence || !outer.at_end()) return false;
  DerReader parts(sequence->content);
  for (int i = 0; i < 2; ++i) {
    const auto number = parts.next(der::kInteger);
    if (!number || number->content.empty() || number->content[0] >= 0x80) return false;
    if (number->content.size() > 1 && number->content[0] == 0 && number->content[1] < 0x80) return false;
  }
  return parts.at_end();
}

}  // namespace

std::span<const VerificationAlgorithm> verification_algorithms() { return kAlgorithms; }

std::optional<VerificationAlgorithm> verification_algorithm_of(std::string_view name) {
  const auto* const found = std::ranges::find(kAlgorithms, name, &VerificationAlgorithm::name);
  if (found == kAlgorithms.end()) return std::nullopt;
  return *found;
}

std::optional<VerificationAlgorithm> verification_algorithm_of_der(ByteView bytes) {
  for (const auto& one : identifiers())
    if (std::ranges::equal(one.der, bytes)) return one.algorithm;
  return std::nullopt;
}

Bytes algorithm_identifier_of(SignatureScheme scheme) {
  const auto name = scheme == SignatureScheme::ecdsa_p256_sha256   ? "ecdsa-sha256"
                    : scheme == SignatureScheme::ecdsa_p384_sha384 ? "ecdsa-sha384"
                                                                   : name_of(scheme);
  const auto found = std::ranges::find(identifiers(), name, [](const Identifier& one) { return one.algorithm.name; });
  if (found == identifiers().end()) std::abort();  // every scheme is there
  return found->der;
}

struct VerificationKey::State {
  PkeyPtr pkey;
  KeyKind kind{};
  int bits = 0;
};

VerificationKey::VerificationKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
VerificationKey::~VerificationKey() = default;
VerificationKey::VerificationKey(VerificationKey&&) noexcept = default;
VerificationKey& VerificationKey::operator=(VerificationKey&&) noexcept = default;

Result<VerificationKey> VerificationKey::of_spki(ByteView bytes) {
  constexpr std::size_t kMax = 4096;
  constexpr int kRsaMin = 1024, kRsaMax = 8192, kExponentBits = 64;
  const ErrorQueue queue;
  if (bytes.size() > kMax) return refuse("it is larger than 4096 bytes");
  Spki spki;
  if (auto fault = read_spki(bytes, spki); !fault.empty()) return refuse(std::move(fault));
  if (spki.kind == KeyKind::rsa && !is_rsa_public_key(spki.key)) return refuse("it is no RSAPublicKey in DER");
  auto state = std::make_unique<State>(State{pkey_of(spki), spki.kind, 0});
  auto* const pkey = state->pkey.get();
  if (!pkey) return refuse("it is no key of its algorithm, or no point of its curve");
  state->bits = EVP_PKEY_get_bits(pkey);
  if (spki.kind == KeyKind::rsa) {
    const auto exponent = number_of(pkey, OSSL_PKEY_PARAM_RSA_E), modulus = number_of(pkey, OSSL_PKEY_PARAM_RSA_N);
    if (!exponent || !modulus || BN_is_odd(exponent.get()) == 0 || BN_is_one(exponent.get()) == 1 ||
        BN_num_bits(exponent.get()) > kExponentBits)
      return refuse("its exponent is not an odd number of 3 to 2^64");
    if (BN_is_odd(modulus.get()) == 0) return refuse("its modulus is not odd");
    if (state->bits < kRsaMin || state->bits > kRsaMax)
      return refuse("its modulus has " + std::to_string(state->bits) + " bits, not 1024 to 8192");
  }
  return VerificationKey(std::move(state));
}

KeyKind VerificationKey::kind() const { return state_->kind; }
int VerificationKey::bits() const { return state_->kind == KeyKind::ec && state_->bits > 520 ? 521 : state_->bits; }

std::string VerificationKey::name() const {
  switch (state_->kind) {
    case KeyKind::rsa: return "rsa-" + std::to_string(bits());
    case KeyKind::ec: return "ecdsa-p" + std::to_string(bits());
    case KeyKind::ed25519: return "ed25519";
    case KeyKind::ed448: return "ed448";
  }
  return {};
}

std::string VerificationKey::weakness() const {
  const ErrorQueue queue;
  constexpr int kRsaBits = 2048;
  if (state_->kind != KeyKind::rsa) return {};
  if (state_->bits < kRsaBits) return "its modulus has " + std::to_string(state_->bits) + " bits, fewer than 2048";
  const auto modulus = number_of(state_->pkey.get(), OSSL_PKEY_PARAM_RSA_N);
  if (has_small_factor(modulus.get())) return "its modulus has a small factor";
  if (is_roca(modulus.get())) return "its modulus is of the generator of CVE-2017-15361 (ROCA)";
  if (has_close_primes(modulus.get())) return "its modulus is of two primes close to each other (CVE-2022-26320)";
  return {};
}

bool VerificationKey::verify(const VerificationAlgorithm& algorithm, ByteView message, ByteView signature) const {
  const ErrorQueue queue;
  auto* const pkey = state_->pkey.get();
  if (algorithm.kind != state_->kind || (algorithm.curve_bits != 0 && algorithm.curve_bits != bits())) return false;
  Bytes der;
  if (algorithm.kind == KeyKind::ec && algorithm.form == EcdsaForm::p1363) {
    const auto half = std::size_t(bits() + 7) / 8;
    if (signature.size() != 2 * half) return false;
    der = der::value(der::kSequence, std::initializer_list<ByteView>{der::integer(signature.first(half)),
                                                                     der::integer(signature.subspan(half))});
    signature = der;
  }
  if (algorithm.kind == KeyKind::rsa && signature.size() != std::size_t(EVP_PKEY_get_size(pkey))) return false;
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const auto* const md = md_of(algorithm.hash);
  if (!context || EVP_DigestVerifyInit(context.get(), &parameters, md, nullptr, pkey) != 1) return false;
  if (algorithm.kind == KeyKind::rsa) {
    const bool pss = algorithm.padding == Padding::pss;
    if (EVP_PKEY_CTX_set_rsa_padding(parameters, pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) != 1 ||
        (pss && (EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, md) != 1 ||
                 EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) != 1)))
      return false;
  }
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) == 1;
}

Result<std::vector<Bytes>> pem_blocks(std::string_view text, std::string_view label) {
  const auto bad = [](std::string_view why) {
    return fail(ErrorKind::invalid, "HF-PEM-0001", "the PEM text is damaged: " + std::string(why));
  };
  const std::string begin = "-----BEGIN " + std::string(label) + "-----";
  const std::string end = "-----END " + std::string(label) + "-----";
  std::vector<Bytes> blocks;
  for (std::size_t at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at)) {
    at += begin.size();
    const auto stop = text.find(end, at);
    if (stop == std::string_view::npos) return bad("a block does not end");
    std::string base64;
    for (const char c : text.substr(at, stop - at))
      if (c != '\n' && c != '\r' && c != ' ' && c != '\t') base64 += c;
    auto bytes = from_base64(base64);
    if (!bytes) return bad("a block is no base64");
    blocks.push_back(*std::move(bytes));
    at = stop + end.size();
  }
  return blocks;
}

std::string pem_of(std::string_view label, ByteView der) {
  constexpr std::size_t kLine = 64;
  const auto text = to_base64(der);
  std::string pem = "-----BEGIN " + std::string(label) + "-----\n";
  for (std::size_t at = 0; at < text.size(); at += kLine) pem += text.substr(at, kLine) + "\n";
  return pem + "-----END " + std::string(label) + "-----\n";
}

}  // namespace hf::crypto
