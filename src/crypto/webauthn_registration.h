// Verification of a WebAuthn registration: that an authenticator, with a person present and verified, made a credential
// for our challenge at our site. W3C Web Authentication Level 2, section 7.1; 6.5 for what is attested.
//
// What make of authenticator it is, nobody asks: attestation "none" and self attestation ("packed" without a
// certificate, section 8.2) are taken, which is what browsers give where none is asked for.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "crypto/public_key.h"

namespace hf::crypto {

// COSE algorithms that are taken, the best first (RFC 9053 section 2, RFC 8812): EdDSA, ES256, RS256.
inline constexpr std::array<std::int64_t, 3> kCredentialAlgorithms{-8, -7, -257};

struct Registration {
  std::string_view rp_id, origin;  // as in RelyingParty
  ByteView challenge;
  ByteView client_data;         // clientDataJSON, as the browser gave it
  ByteView attestation_object;  // CBOR, as the browser gave it
};

struct RegisteredCredential {
  Bytes id;  // 1 to 1023 bytes
  PublicKey key;
  std::uint32_t counter = 0;
  bool backed_up = false;      // the credential is not bound to one device
  bool self_attested = false;  // else nothing is attested
};

// HF-WEBAUTHN-0001 malformed, 0002 another challenge, origin, type or relying party, 0003 the person was not present
// and verified, 0004 a self attestation that does not hold, 0005 an algorithm or attestation that is not taken.
[[nodiscard]] Result<RegisteredCredential> verify_registration(const Registration& registration);

// An attestation object by its parts, of untrusted bytes; the views are of them.
struct AttestationObject {
  bool packed = false;
  std::int64_t algorithm = 0;  // of the credential's key
  ByteView signature;          // of a packed one
  ByteView authenticator_data;
  ByteView credential_id;
  PublicKey key;
};
// HF-WEBAUTHN-0001, 0005.
[[nodiscard]] Result<AttestationObject> read_attestation_object(ByteView bytes);

}  // namespace hf::crypto
