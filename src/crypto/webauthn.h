// Verification of a WebAuthn assertion: that a person, present and verified, answered our challenge with a registered
// authenticator, at our site. W3C Web Authentication Level 2, section 7.2; sections 5.8.1 and 6.1 for the two inputs.
//
// The signature counter (step 21) is told and not judged: synced passkeys keep it at zero, so who keeps it decides.
#pragma once

#include <cstdint>
#include <string_view>

#include "crypto/public_key.h"

namespace hf::crypto {

struct RelyingParty {
  PublicKey key;            // of the credential: Ed25519, ECDSA P-256 or RSA PKCS1-v1_5, as its COSE algorithm said
  std::string_view rp_id;   // "holdfast.example"
  std::string_view origin;  // "https://holdfast.example:8443", compared whole
};

struct Assertion {
  ByteView challenge;           // the bytes that were to be signed
  ByteView authenticator_data;  // section 6.1
  ByteView client_data;         // clientDataJSON, as the browser gave it
  ByteView signature;           // DER for ECDSA, as authenticators make it
};

struct Asserted {
  std::uint32_t counter = 0;
  bool backed_up = false;  // the credential is not bound to one device
};

// HF-WEBAUTHN-0001 malformed, 0002 another challenge, origin, type or relying party, 0003 the person was not present
// and verified (PIN, fingerprint), 0004 the signature does not hold.
[[nodiscard]] Result<Asserted> verify_assertion(const RelyingParty& party, const Assertion& assertion);

}  // namespace hf::crypto
