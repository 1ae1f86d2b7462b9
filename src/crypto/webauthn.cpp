#include "crypto/webauthn.h"

#include "base/json.h"
#include "crypto/constant_time.h"

namespace hf::crypto {
namespace {

auto malformed(std::string why) {
  return fail(ErrorKind::invalid, "HF-WEBAUTHN-0001", "the answer of the authenticator cannot be read", std::move(why));
}
auto other(std::string what) {
  return fail(ErrorKind::forbidden, "HF-WEBAUTHN-0002",
              "the answer of the authenticator is for another request or another site: " + std::move(what));
}

// base64url without padding (RFC 4648 section 5), as section 5.8.1 writes the challenge.
std::string to_base64url(ByteView bytes) {
  auto text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (auto& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

constexpr std::uint8_t kUserPresent = 0x01, kUserVerified = 0x04, kBackedUp = 0x10;
constexpr std::size_t kHashSize = 32, kDataMin = 37;  // rpIdHash, flags, signCount

}  // namespace

Result<Asserted> verify_assertion(const RelyingParty& party, const Assertion& assertion) {
  // Steps 11 to 14. A duplicate key in the JSON is refused by parse_json().
  const auto json = parse_json(text_of(assertion.client_data), {.bytes_max = 4096, .depth_max = 8});
  const auto* client = json ? json->if_object() : nullptr;
  if (!client) return malformed("clientDataJSON is not an object");
  const auto text = [&](std::string_view name) -> std::string_view {
    const auto* member = client->if_contains(name);
    const auto* value = member ? member->if_string() : nullptr;
    return value ? std::string_view(*value) : std::string_view();
  };
  if (text("type") != "webauthn.get") return other("its type is not webauthn.get");
  if (!equal_in_constant_time(bytes_of(text("challenge")), bytes_of(to_base64url(assertion.challenge))))
    return other("the challenge is another");
  if (party.origin.empty() || text("origin") != party.origin) return other("the origin is another");
  const auto* cross = client->if_contains("crossOrigin");
  if (cross && !(cross->is_bool() && !cross->get_bool())) return other("it was made inside another site's page");
  // Steps 15 to 17.
  const auto data = assertion.authenticator_data;
  if (data.size() < kDataMin) return malformed("authenticatorData is too short");
  const auto rp_hash = sha256({bytes_of(party.rp_id)});
  if (!equal_in_constant_time(data.first(kHashSize), rp_hash)) return other("the relying party is another");
  const auto flags = data[kHashSize];
  if ((flags & kUserPresent) == 0 || (flags & kUserVerified) == 0)
    return fail(ErrorKind::forbidden, "HF-WEBAUTHN-0003",
                "the authenticator did not verify the person: use its PIN or fingerprint");
  // Steps 19 and 20: the signature is over authenticatorData and the hash of clientDataJSON.
  const auto client_hash = sha256({assertion.client_data});
  Bytes message(data.begin(), data.end());
  message.insert(message.end(), client_hash.begin(), client_hash.end());
  const bool ecdsa = party.key.algorithm == KeyAlgorithm::ecdsa_p256;
  const auto raw =
      ecdsa ? ecdsa_from_der(assertion.signature, 64) : Bytes(assertion.signature.begin(), assertion.signature.end());
  if (!verify(party.key, message, raw))
    return fail(ErrorKind::forbidden, "HF-WEBAUTHN-0004", "the signature of the authenticator does not hold");
  std::uint32_t counter = 0;
  for (std::size_t i = kHashSize + 1; i < kDataMin; ++i) counter = counter << 8 | data[i];
  return Asserted{counter, (flags & kBackedUp) != 0};
}

}  // namespace hf::crypto
