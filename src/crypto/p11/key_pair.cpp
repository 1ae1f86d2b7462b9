#include "crypto/p11/key_pair.h"

#include <fmt/format.h>
#include <cstring>
#include <map>

#include "crypto/byte_order.h"
#include "crypto/random.h"

namespace hf::crypto::p11 {
namespace {

// CKA_EC_PARAMS: DER object identifiers. prime256v1, secp384r1 (RFC 5480 2.1.1.1), id-Ed25519 (RFC 8410 3).
const Bytes kP256Params{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
const Bytes kP384Params{0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};  // secp384r1
const Bytes kEd25519Params{0x06, 0x03, 0x2b, 0x65, 0x70};
// PKCS#11 3.0 section 2.3.10 also allows the name as a PrintableString, which some tokens alone give.
const Bytes kEd25519Name{0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'};

constexpr std::size_t kIdSize = 16;

auto unknown_key(std::string why) {
  return fail(ErrorKind::invalid, "HF-KEY-0006",
              "the token's key is not of Ed25519, P-256, P-384 or RSA of a known size", std::move(why));
}

Result<CK_ULONG> number_of(Session& session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  HF_TRY(const auto bytes, session.attribute(object, type));
  CK_ULONG number = 0;
  if (bytes.size() != sizeof number) return unknown_key("an attribute that is a number has another size");
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

Result<PublicKey> read_public_key(Session& session, CK_OBJECT_HANDLE key) {
  HF_TRY(const auto type, number_of(session, key, CKA_KEY_TYPE));
  if (type == CKK_RSA) {
    HF_TRY(const auto modulus, session.attribute(key, CKA_MODULUS));
    HF_TRY(const auto exponent, session.attribute(key, CKA_PUBLIC_EXPONENT));
    auto rsa = rsa_public_key_of(modulus, exponent);
    if (!rsa) return unknown_key(fmt::format("RSA with a modulus of {} bytes", modulus.size()));
    return rsa;
  }
  HF_TRY(const auto params, session.attribute(key, CKA_EC_PARAMS));
  HF_TRY(const auto point, session.attribute(key, CKA_EC_POINT));
  if (type == CKK_EC && params == kP256Params) return public_key_of_ec_point(KeyAlgorithm::ecdsa_p256, point);
  if (type == CKK_EC && params == kP384Params) return public_key_of_ec_point(KeyAlgorithm::ecdsa_p384, point);
  if (type == CKK_EC_EDWARDS && (params == kEd25519Params || params == kEd25519Name))
    return public_key_of_ec_point(KeyAlgorithm::ed25519, point);
  return unknown_key(fmt::format("CKA_KEY_TYPE {:#x}, CKA_EC_PARAMS {}", type, to_hex(params)));
}

Template of_class(CK_OBJECT_CLASS type) {
  Template pattern;
  pattern.number(CKA_CLASS, type).flag(CKA_TOKEN, true);
  return pattern;
}

Result<KeyPair> the_pair(Session& session, std::span<const CK_OBJECT_HANDLE> privates,
                         std::span<const CK_OBJECT_HANDLE> publics, const std::string& name) {
  if (privates.empty() && publics.empty())
    return fail(ErrorKind::not_found, "HF-KEY-0002", "the token has no key " + name);
  const auto mixed = [&] {
    return fail(ErrorKind::conflict, "HF-KEY-0004", "the token has no single, complete key pair " + name,
                fmt::format("{} private and {} public keys", privates.size(), publics.size()));
  };
  if (privates.size() != 1 || publics.size() != 1) return mixed();
  HF_TRY(auto id, session.attribute(privates[0], CKA_ID));
  HF_TRY(const auto public_id, session.attribute(publics[0], CKA_ID));
  if (id.empty() || id != public_id) return mixed();
  HF_TRY(auto public_key, read_public_key(session, publics[0]));
  const auto always = session.attribute(privates[0], CKA_ALWAYS_AUTHENTICATE);  // optional on a token
  auto verifier = std::make_shared<const Verifier>(public_key);
  return KeyPair{privates[0], std::move(id), std::move(public_key), always && *always == Bytes{CK_TRUE},
                 std::move(verifier)};
}

}  // namespace

Result<PublicKey> public_key_of_ec_point(KeyAlgorithm algorithm, ByteView value) {
  const std::size_t size = algorithm == KeyAlgorithm::ed25519 ? 32 : algorithm == KeyAlgorithm::ecdsa_p256 ? 65 : 97;
  constexpr std::uint8_t octet_string = 0x04, bit_string = 0x03;
  // An uncompressed point begins with 0x04 as an OCTET STRING does: only the length tells.
  if (value.size() == size + 2 && value[0] == octet_string && value[1] == size) value = value.subspan(2);
  if (value.size() == size + 3 && value[0] == bit_string && value[1] == size + 1 && value[2] == 0)
    value = value.subspan(3);
  auto key = public_key_of(algorithm, value);
  if (!key) return unknown_key("CKA_EC_POINT " + to_hex(value));
  return key;
}

Result<KeyPair> find_key_pair(Session& session, std::string_view label) {
  HF_TRY(const auto privates, session.find(of_class(CKO_PRIVATE_KEY).text(CKA_LABEL, label)));
  HF_TRY(const auto publics, session.find(of_class(CKO_PUBLIC_KEY).text(CKA_LABEL, label)));
  return the_pair(session, privates, publics, std::string(label));
}

Result<KeyPair> find_key_pair(Session& session, const KeyPin& pin) {
  const auto name = "with CKA_ID " + to_hex(pin.id);
  HF_TRY(const auto privates, session.find(of_class(CKO_PRIVATE_KEY).bytes(CKA_ID, pin.id)));
  HF_TRY(const auto publics, session.find(of_class(CKO_PUBLIC_KEY).bytes(CKA_ID, pin.id)));
  HF_TRY(auto pair, the_pair(session, privates, publics, name));
  if (const auto fingerprint = fingerprint_of(pair.public_key); fingerprint != pin.fingerprint)
    return fail(ErrorKind::conflict, "HF-KEY-0005", "the token holds another key than the one recorded",
                fmt::format("{}: fingerprint {}, recorded {}", name, to_hex(fingerprint), to_hex(pin.fingerprint)));
  return pair;
}

Result<KeyPair> generate_key_pair(Session& session, KeyAlgorithm algorithm, std::string_view label) {
  const auto id = random_bytes(kIdSize);
  const bool edwards = algorithm == KeyAlgorithm::ed25519;
  const bool ec = algorithm == KeyAlgorithm::ecdsa_p256 || algorithm == KeyAlgorithm::ecdsa_p384;
  const auto type = edwards ? CKK_EC_EDWARDS : ec ? CKK_EC : CKK_RSA;
  Template public_key = of_class(CKO_PUBLIC_KEY), private_key = of_class(CKO_PRIVATE_KEY);
  // Not CKA_VERIFY: tpm2-pkcs11 gives it the value of CKA_DECRYPT, and refuses a template that says otherwise. What a
  // token signs is verified outside of it.
  public_key.number(CKA_KEY_TYPE, type).text(CKA_LABEL, label).bytes(CKA_ID, id).flag(CKA_PRIVATE, false);
  if (edwards || ec) {
    public_key.bytes(CKA_EC_PARAMS, edwards                                 ? kEd25519Params
                                    : algorithm == KeyAlgorithm::ecdsa_p256 ? kP256Params
                                                                            : kP384Params);
  } else {
    const CK_ULONG bits = algorithm == KeyAlgorithm::rsa_2048   ? 2048
                          : algorithm == KeyAlgorithm::rsa_3072 ? 3072
                                                                : 4096;
    public_key.number(CKA_MODULUS_BITS, bits).bytes(CKA_PUBLIC_EXPONENT, {0x01, 0x00, 0x01});
  }
  private_key.number(CKA_KEY_TYPE, type)
      .text(CKA_LABEL, label)
      .bytes(CKA_ID, id)
      .flag(CKA_PRIVATE, true)
      .flag(CKA_SENSITIVE, true)
      .flag(CKA_EXTRACTABLE, false)
      .flag(CKA_MODIFIABLE, false)
      .flag(CKA_SIGN, true)
      .flag(CKA_DECRYPT, false)
      .flag(CKA_UNWRAP, false)
      .flag(CKA_DERIVE, false);
  const auto mechanism = edwards ? CKM_EC_EDWARDS_KEY_PAIR_GEN : ec ? CKM_EC_KEY_PAIR_GEN : CKM_RSA_PKCS_KEY_PAIR_GEN;
  auto with_copyable = private_key;
  with_copyable.flag(CKA_COPYABLE, false);
  auto made = session.generate_pair(mechanism, public_key, std::move(with_copyable));
  // Of version 2.40: opencryptoki 3.8 does not know it, and makes no copy that could do more either.
  if (!made && made.error().detail.ends_with("CKR_ATTRIBUTE_TYPE_INVALID"))
    made = session.generate_pair(mechanism, std::move(public_key), std::move(private_key));
  if (!made) return fail(std::move(made).error());
  return find_key_pair(session, label);  // read back: what counts is what the token kept
}

Result<void> destroy_halves(Session& session, std::string_view label) {
  HF_TRY(const auto privates, session.find(of_class(CKO_PRIVATE_KEY).text(CKA_LABEL, label)));
  for (const auto key : privates) {  // the value is put in together with the parameters, and cannot be read itself
    const auto type = number_of(session, key, CKA_KEY_TYPE);
    const auto params = session.attribute(key, type && *type == CKK_RSA ? CKA_MODULUS : CKA_EC_PARAMS);
    if (!params || params->empty()) HF_CHECK(session.destroy(key));
  }
  for (const auto& [type, other] :
       {std::pair{CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}, std::pair{CKO_PUBLIC_KEY, CKO_PRIVATE_KEY}}) {
    HF_TRY(const auto objects, session.find(of_class(type).text(CKA_LABEL, label)));
    for (const auto object : objects) {
      HF_TRY(const auto id, session.attribute(object, CKA_ID));
      HF_TRY(const auto halves, session.find(of_class(other).bytes(CKA_ID, id)));
      if (halves.empty()) HF_CHECK(session.destroy(object));
    }
  }
  return {};
}

Result<Bytes> sign(Session& session, const KeyPair& key, SignatureScheme scheme, ByteView input, const Secret& pin) {
  const auto* again = key.always_authenticate ? &pin : nullptr;
  if (!fits(scheme, key.public_key.algorithm) || (input_size_of(scheme) != 0 && input.size() != input_size_of(scheme)))
    return fail(ErrorKind::invalid, "HF-KEY-0006", "the key does not sign that way",
                std::string(name_of(scheme)) + " with " + std::string(name_of(key.public_key.algorithm)));
  switch (scheme) {
    case SignatureScheme::ed25519: return session.sign(key.private_key, {CKM_EDDSA, nullptr, 0}, input, again);
    // Not CKM_ECDSA_SHA256: SoftHSM 2.6 has the raw mechanism only, and every token has that.
    case SignatureScheme::ecdsa_p256_sha256:
    case SignatureScheme::ecdsa_p384_sha384:
      return session.sign(key.private_key, {CKM_ECDSA, nullptr, 0}, input, again);
    case SignatureScheme::rsa_pkcs1_sha256: {
      // DigestInfo of SHA-256, DER (RFC 8017 9.2 note 1): CKM_RSA_PKCS pads, and adds nothing to it.
      Bytes info{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
      info.insert(info.end(), input.begin(), input.end());
      return session.sign(key.private_key, {CKM_RSA_PKCS, nullptr, 0}, info, again);
    }
    case SignatureScheme::rsa_pss_sha256: {
      CK_RSA_PKCS_PSS_PARAMS params{CKM_SHA256, CKG_MGF1_SHA256, 32};
      return session.sign(key.private_key, {CKM_RSA_PKCS_PSS, &params, sizeof params}, input, again);
    }
  }
  return unknown_key("no such scheme");
}

Custody custody_of(Session& session, CK_OBJECT_HANDLE private_key) {
  const auto flag = [&](CK_ATTRIBUTE_TYPE type) -> std::optional<bool> {
    const auto value = session.attribute(private_key, type);
    if (!value || value->size() != sizeof(CK_BBOOL)) return std::nullopt;
    return value->front() != CK_FALSE;
  };
  return {.local = flag(CKA_LOCAL),
          .sensitive = flag(CKA_SENSITIVE),
          .always_sensitive = flag(CKA_ALWAYS_SENSITIVE),
          .extractable = flag(CKA_EXTRACTABLE),
          .never_extractable = flag(CKA_NEVER_EXTRACTABLE),
          .copyable = flag(CKA_COPYABLE),
          .modifiable = flag(CKA_MODIFIABLE),
          .sign = flag(CKA_SIGN),
          .decrypt = flag(CKA_DECRYPT),
          .unwrap = flag(CKA_UNWRAP),
          .wrap = flag(CKA_WRAP),
          .derive = flag(CKA_DERIVE),
          .always_authenticate = flag(CKA_ALWAYS_AUTHENTICATE)};
}

Result<TokenContents> contents_of(Session& session) {
  struct Objects {
    std::vector<CK_OBJECT_HANDLE> privates, publics;
  };
  std::map<Bytes, Objects, ByteOrder> by_id;
  for (const auto type : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}) {
    HF_TRY(const auto objects, session.find(of_class(type)));
    for (const auto object : objects) {
      const auto id = session.attribute(object, CKA_ID);
      auto& at = by_id[id ? *id : Bytes()];
      (type == CKO_PRIVATE_KEY ? at.privates : at.publics).push_back(object);
    }
  }
  TokenContents found;
  for (const auto& [id, objects] : by_id) {
    const auto any = objects.privates.empty() ? objects.publics.front() : objects.privates.front();
    const auto named = session.attribute(any, CKA_LABEL);
    auto label = named ? std::string(text_of(*named)) : std::string();
    auto pair = the_pair(session, objects.privates, objects.publics, to_hex(id));
    if (!pair) {
      found.odd.push_back({std::move(label), id, pair.error().message + ": " + pair.error().detail});
      continue;
    }
    const KeyPin pin{pair->id, fingerprint_of(pair->public_key)};
    found.keys.push_back({std::move(label), pin, std::move(pair->public_key), custody_of(session, pair->private_key)});
  }
  return found;
}

}  // namespace hf::crypto::p11
