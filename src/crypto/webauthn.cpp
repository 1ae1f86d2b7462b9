#include "crypto/webauthn.h"

#include "base/json.h"
#include "crypto/base64url.h"
#include "crypto/constant_time.h"
#include "crypto/webauthn_read.h"

namespace hf::crypto {
namespace webauthn {

constexpr std::uint8_t kUserPresent = 0x01, kUserVerified = 0x04;

Error malformed(std::string why) {
  return {ErrorKind::invalid, "HF-WEBAUTHN-0001", "the answer of the authenticator cannot be read", std::move(why)};
}
Error other(std::string what) {
  return {ErrorKind::forbidden,
          "HF-WEBAUTHN-0002",
          "the answer of the authenticator is for another request or another site: " + std::move(what),
          {}};
}

// Of an assertion steps 11 to 14, of a registration 7 to 10. A duplicate key in the JSON is refused by parse_json().
Result<void> check_client_data(ByteView client_data, std::string_view type, ByteView challenge,
                               std::string_view origin) {
  const auto json = parse_json(text_of(client_data), {.bytes_max = 4096, .depth_max = 8});
  const auto* client = json ? json->if_object() : nullptr;
  if (!client) return fail(malformed("clientDataJSON is not an object"));
  const auto text = [&](std::string_view name) -> std::string_view {
    const auto* member = client->if_contains(name);
    const auto* value = member ? member->if_string() : nullptr;
    return value ? std::string_view(*value) : std::string_view();
  };
  if (text("type") != type) return fail(other("its type is not " + std::string(type)));
  if (!equal_in_constant_time(bytes_of(text("challenge")), bytes_of(to_base64url(challenge))))
    return fail(other("the challenge is another"));
  if (origin.empty() || text("origin") != origin) return fail(other("the origin is another"));
  const auto* cross = client->if_contains("crossOrigin");
  if (cross && !(cross->is_bool() && !cross->get_bool())) return fail(other("it was made inside another site's page"));
  return {};
}

// Of an assertion steps 15 to 17, of a registration 13 to 15.
Result<DataHead> read_data_head(ByteView data, std::string_view rp_id) {
  if (data.size() < kDataMin) return fail(malformed("authenticatorData is too short"));
  const auto rp_hash = sha256({bytes_of(rp_id)});
  if (!equal_in_constant_time(data.first(kHashSize), rp_hash)) return fail(other("the relying party is another"));
  DataHead head{.flags = data[kHashSize]};
  if ((head.flags & kUserPresent) == 0 || (head.flags & kUserVerified) == 0)
    return fail(ErrorKind::forbidden, "HF-WEBAUTHN-0003",
                "the authenticator did not verify the person: use its PIN or fingerprint");
  for (std::size_t i = kHashSize + 1; i < kDataMin; ++i) head.counter = head.counter << 8 | data[i];
  return head;
}

}  // namespace webauthn

Result<Asserted> verify_assertion(const RelyingParty& party, const Assertion& assertion) {
  HF_CHECK(webauthn::check_client_data(assertion.client_data, "webauthn.get", assertion.challenge, party.origin));
  const auto data = assertion.authenticator_data;
  HF_TRY(const auto head, webauthn::read_data_head(data, party.rp_id));
  // Steps 19 and 20: the signature is over authenticatorData and the hash of clientDataJSON.
  const auto client_hash = sha256({assertion.client_data});
  Bytes message(data.begin(), data.end());
  message.insert(message.end(), client_hash.begin(), client_hash.end());
  const bool ecdsa = party.key.algorithm == KeyAlgorithm::ecdsa_p256;
  const auto raw =
      ecdsa ? ecdsa_from_der(assertion.signature, 64) : Bytes(assertion.signature.begin(), assertion.signature.end());
  if (!verify(party.key, message, raw))
    return fail(ErrorKind::forbidden, "HF-WEBAUTHN-0004", "the signature of the authenticator does not hold");
  return Asserted{head.counter, (head.flags & webauthn::kBackedUp) != 0};
}

}  // namespace hf::crypto
