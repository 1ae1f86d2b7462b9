#include "crypto/p11/key_pair.h"

#include <fmt/format.h>
#include <cstring>

#include "crypto/random.h"

namespace hf::crypto::p11 {
namespace {

// CKA_EC_PARAMS: DER object identifiers. prime256v1 (RFC 5480 2.1.1.1), id-Ed25519 (RFC 8410 3).
const Bytes kP256Params{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
const Bytes kEd25519Params{0x06, 0x03, 0x2b, 0x65, 0x70};
// PKCS#11 3.0 section 2.3.10 also allows the name as a PrintableString, which some tokens alone give.
const Bytes kEd25519Name{0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'};

constexpr std::size_t kIdSize = 16;

auto unknown_key(std::string why) {
  return fail(ErrorKind::invalid, "HF-KEY-0006", "the token's key is neither Ed25519 nor P-256", std::move(why));
}

Result<KeyAlgorithm> algorithm_of(Session& session, CK_OBJECT_HANDLE key) {
  HF_TRY(const auto type, session.attribute(key, CKA_KEY_TYPE));
  HF_TRY(const auto params, session.attribute(key, CKA_EC_PARAMS));
  CK_ULONG number = 0;
  if (type.size() != sizeof number) return unknown_key("CKA_KEY_TYPE has another size");
  std::memcpy(&number, type.data(), sizeof number);
  if (number == CKK_EC && params == kP256Params) return KeyAlgorithm::ecdsa_p256;
  if (number == CKK_EC_EDWARDS && (params == kEd25519Params || params == kEd25519Name)) return KeyAlgorithm::ed25519;
  return unknown_key(fmt::format("CKA_KEY_TYPE {:#x}, CKA_EC_PARAMS {}", number, to_hex(params)));
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
  HF_TRY(const auto algorithm, algorithm_of(session, publics[0]));
  HF_TRY(const auto point, session.attribute(publics[0], CKA_EC_POINT));
  HF_TRY(auto public_key, public_key_of_ec_point(algorithm, point));
  const auto always = session.attribute(privates[0], CKA_ALWAYS_AUTHENTICATE);  // optional on a token
  return KeyPair{privates[0], std::move(id), std::move(public_key), always && *always == Bytes{CK_TRUE}};
}

}  // namespace

Result<PublicKey> public_key_of_ec_point(KeyAlgorithm algorithm, ByteView value) {
  const std::size_t size = algorithm == KeyAlgorithm::ed25519 ? 32 : 65;
  constexpr std::uint8_t octet_string = 0x04, bit_string = 0x03;
  // An uncompressed P-256 point begins with 0x04 as an OCTET STRING does: only the length tells.
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
  const bool edwards = algorithm == KeyAlgorithm::ed25519;
  const auto id = random_bytes(kIdSize);
  const auto type = edwards ? CKK_EC_EDWARDS : CKK_EC;
  Template public_key = of_class(CKO_PUBLIC_KEY), private_key = of_class(CKO_PRIVATE_KEY);
  public_key.number(CKA_KEY_TYPE, type)
      .text(CKA_LABEL, label)
      .bytes(CKA_ID, id)
      .bytes(CKA_EC_PARAMS, edwards ? kEd25519Params : kP256Params)
      .flag(CKA_PRIVATE, false)
      .flag(CKA_VERIFY, true);
  private_key.number(CKA_KEY_TYPE, type)
      .text(CKA_LABEL, label)
      .bytes(CKA_ID, id)
      .flag(CKA_PRIVATE, true)
      .flag(CKA_SENSITIVE, true)
      .flag(CKA_EXTRACTABLE, false)
      .flag(CKA_COPYABLE, false)
      .flag(CKA_MODIFIABLE, false)
      .flag(CKA_SIGN, true)
      .flag(CKA_DECRYPT, false)
      .flag(CKA_UNWRAP, false)
      .flag(CKA_DERIVE, false);
  HF_CHECK(session.generate_pair(edwards ? CKM_EC_EDWARDS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, std::move(public_key),
                                 std::move(private_key)));
  return find_key_pair(session, label);  // read back: what counts is what the token kept
}

Result<void> destroy_halves(Session& session, std::string_view label) {
  HF_TRY(const auto privates, session.find(of_class(CKO_PRIVATE_KEY).text(CKA_LABEL, label)));
  for (const auto key : privates) {  // the value is put in together with the parameters, and cannot be read itself
    const auto params = session.attribute(key, CKA_EC_PARAMS);
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

Result<Bytes> sign(Session& session, const KeyPair& key, ByteView message, const Secret& pin) {
  const auto* again = key.always_authenticate ? &pin : nullptr;
  if (key.public_key.algorithm == KeyAlgorithm::ed25519)
    return session.sign(key.private_key, CKM_EDDSA, message, again);  // no parameter: pure Ed25519
  // Not CKM_ECDSA_SHA256: SoftHSM 2.6 has the raw mechanism only, and every token has that.
  return session.sign(key.private_key, CKM_ECDSA, sha256({message}), again);
}

}  // namespace hf::crypto::p11
