#include "crypto/webauthn_registration.h"

#include <algorithm>

#include "crypto/cbor.h"
#include "crypto/webauthn_read.h"

namespace hf::crypto {
namespace {

using webauthn::malformed;

constexpr CborLimits kLimits{.bytes_max = 16U << 10, .items_max = 64, .depth_max = 4};
constexpr std::size_t kAaguidSize = 16, kIdMax = 1023;

auto not_taken(std::string what) { return fail(ErrorKind::invalid, "HF-WEBAUTHN-0005", std::move(what)); }

const Cbor* member(const Cbor& map, std::string_view name) {
  if (!map.is(Cbor::Kind::map)) return nullptr;
  for (std::size_t i = 0; i + 1 < map.items.size(); i += 2)
    if (map.items[i].is(Cbor::Kind::text) && text_of(map.items[i].content) == name) return &map.items[i + 1];
  return nullptr;
}

ByteView bytes_at(const Cbor& map, std::int64_t key, std::size_t size) {
  const auto* found = map.is(Cbor::Kind::map) ? map.find(key) : nullptr;
  if (!found || !found->is(Cbor::Kind::bytes) || (size > 0 && found->content.size() != size)) return {};
  return found->content;
}

std::optional<std::int64_t> integer_at(const Cbor& map, std::int64_t key) {
  const auto* found = map.is(Cbor::Kind::map) ? map.find(key) : nullptr;
  return found ? found->integer() : std::nullopt;
}

// COSE_Key (RFC 9052 section 7; RFC 9053 section 7 for OKP and EC2, RFC 8230 section 4 for RSA).
Result<PublicKey> key_of(const Cbor& map) {
  constexpr std::int64_t kType = 1, kAlgorithm = 3, kCurve = -1, kX = -2, kY = -3, kModulus = -1, kExponent = -2;
  const auto type = integer_at(map, kType), algorithm = integer_at(map, kAlgorithm);
  if (!type || !algorithm) return fail(malformed("the credential's key is no COSE_Key"));
  const auto read = [](Result<PublicKey> key) -> Result<PublicKey> {
    if (!key) return fail(malformed("the credential's key is none: " + key.error().message));
    return key;
  };
  if (*algorithm == -8 && type == 1 && integer_at(map, kCurve) == 6)
    return read(public_key_of(KeyAlgorithm::ed25519, bytes_at(map, kX, 32)));
  if (*algorithm == -7 && type == 2 && integer_at(map, kCurve) == 1) {
    const auto x = bytes_at(map, kX, 32), y = bytes_at(map, kY, 32);
    Bytes point{0x04};
    point.insert(point.end(), x.begin(), x.end());
    point.insert(point.end(), y.begin(), y.end());
    return read(public_key_of(KeyAlgorithm::ecdsa_p256, point));
  }
  if (*algorithm == -257 && type == 3)
    return read(rsa_public_key_of(bytes_at(map, kModulus, 0), bytes_at(map, kExponent, 0)));
  return not_taken("the authenticator chose another algorithm than EdDSA, ES256 or RS256");
}

// Section 6.5.1: aaguid, length of the id, id, key; extensions after it where the flag says so.
Result<void> read_credential(ByteView data, AttestationObject& to) {
  if (data.size() < webauthn::kDataMin + kAaguidSize + 2) return fail(malformed("no credential is attested"));
  const auto flags = data[webauthn::kHashSize];
  if ((flags & webauthn::kAttested) == 0) return fail(malformed("no credential is attested"));
  auto rest = data.subspan(webauthn::kDataMin + kAaguidSize);
  const auto size = std::size_t(rest[0]) << 8 | rest[1];
  rest = rest.subspan(2);
  if (size == 0 || size > kIdMax || size > rest.size()) return fail(malformed("the credential's id has a bad length"));
  to.credential_id = rest.first(size);
  rest = rest.subspan(size);
  // With extensions two items follow each other: as one array of two they are read at once.
  const bool extended = (flags & webauthn::kExtensions) != 0;
  Bytes pair{0x82};
  pair.insert(pair.end(), rest.begin(), rest.end());
  const auto item = extended ? parse_cbor(pair, kLimits) : parse_cbor(rest, kLimits);
  if (!item) return fail(malformed("the credential's key: " + item.error().message));
  const auto& key = extended ? item->items[0] : *item;
  if (extended && !item->items[1].is(Cbor::Kind::map)) return fail(malformed("the extensions are no map"));
  HF_TRY(to.key, key_of(key));
  to.algorithm = integer_at(key, 3).value_or(0);
  return {};
}

}  // namespace

Result<AttestationObject> read_attestation_object(ByteView bytes) {
  const auto object = parse_cbor(bytes, kLimits);
  if (!object) return fail(malformed("the attestation object: " + object.error().message));
  const auto* format = member(*object, "fmt");
  const auto* statement = member(*object, "attStmt");
  const auto* data = member(*object, "authData");
  if (!format || !format->is(Cbor::Kind::text) || !statement || !statement->is(Cbor::Kind::map) || !data ||
      !data->is(Cbor::Kind::bytes))
    return fail(malformed("the attestation object has no fmt, attStmt and authData"));
  AttestationObject made;
  made.authenticator_data = data->content;
  HF_CHECK(read_credential(data->content, made));
  if (text_of(format->content) == "none") {  // section 8.7
    if (!statement->items.empty()) return fail(malformed("attestation none has a statement"));
    return made;
  }
  if (text_of(format->content) != "packed" || member(*statement, "x5c"))
    return not_taken("the browser handed over an attestation of the authenticator's maker, which was not asked for");
  const auto* algorithm = member(*statement, "alg");
  const auto* signature = member(*statement, "sig");
  if (!algorithm || algorithm->integer() != made.algorithm || !signature || !signature->is(Cbor::Kind::bytes))
    return fail(malformed("a self attestation has no signature of the credential's algorithm"));
  made.packed = true;
  made.signature = signature->content;
  return made;
}

Result<RegisteredCredential> verify_registration(const Registration& registration) {
  HF_CHECK(webauthn::check_client_data(registration.client_data, "webauthn.create", registration.challenge,
                                       registration.origin));
  HF_TRY(auto attested, read_attestation_object(registration.attestation_object));
  HF_TRY(const auto head, webauthn::read_data_head(attested.authenticator_data, registration.rp_id));
  if (attested.packed) {
    const auto client_hash = sha256({registration.client_data});
    Bytes message(attested.authenticator_data.begin(), attested.authenticator_data.end());
    message.insert(message.end(), client_hash.begin(), client_hash.end());
    const bool ecdsa = attested.key.algorithm == KeyAlgorithm::ecdsa_p256;
    const auto raw =
        ecdsa ? ecdsa_from_der(attested.signature, 64) : Bytes(attested.signature.begin(), attested.signature.end());
    if (!verify(attested.key, message, raw))
      return fail(ErrorKind::forbidden, "HF-WEBAUTHN-0004", "the signature of the authenticator does not hold");
  }
  return RegisteredCredential{{attested.credential_id.begin(), attested.credential_id.end()},
                              std::move(attested.key),
                              head.counter,
                              (head.flags & webauthn::kBackedUp) != 0,
                              attested.packed};
}

}  // namespace hf::crypto
