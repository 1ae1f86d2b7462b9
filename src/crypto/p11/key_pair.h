// Signing key pairs on a token. Internal to this folder: includes pkcs11.h.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/key_store.h"
#include "crypto/p11/session.h"
#include "crypto/token.h"

namespace hf::crypto::p11 {

struct KeyPair {
  CK_OBJECT_HANDLE private_key{};
  Bytes id;  // CKA_ID, the same on both halves
  PublicKey public_key;
  bool always_authenticate = false;
  std::shared_ptr<const Verifier> verifier;  // of public_key: made once, an EC point costs as much as a verification
};

[[nodiscard]] Custody custody_of(Session& session, CK_OBJECT_HANDLE private_key);

// All complete pairs with their custody, and what is none.
[[nodiscard]] Result<TokenContents> contents_of(Session& session);

// By CKA_LABEL. HF-KEY-0002 if the token has nothing of this label; HF-KEY-0004 unless there is exactly one private and
// one public key, of one CKA_ID; HF-KEY-0006 if it is of no algorithm that we know.
[[nodiscard]] Result<KeyPair> find_key_pair(Session& session, std::string_view label);
// By CKA_ID and fingerprint. The same, and HF-KEY-0005 if the public key is another.
[[nodiscard]] Result<KeyPair> find_key_pair(Session& session, const KeyPin& pin);

// A new pair on the token, never to leave it: sensitive, not extractable, not copyable, for signatures alone.
[[nodiscard]] Result<KeyPair> generate_key_pair(Session& session, KeyAlgorithm algorithm, std::string_view label);
// Destroys what an interrupted generation left behind: a private key of this label that was not given its value yet (in
// SoftHSM that is a write of its own), a private or public key whose other half is not there. Complete pairs stay.
[[nodiscard]] Result<void> destroy_halves(Session& session, std::string_view label);

// The token's signature over signing_input() of a message, nothing verified. HF-KEY-0006 if the scheme is not the
// key's.
[[nodiscard]] Result<Bytes> sign(Session& session, const KeyPair& key, SignatureScheme scheme, ByteView input,
                                 const Secret& pin);

// CKA_EC_POINT as tokens really give it: the point itself, or the point in a DER OCTET STRING (2.40) or BIT STRING
// (3.0 before its errata). HF-KEY-0006.
[[nodiscard]] Result<PublicKey> public_key_of_ec_point(KeyAlgorithm algorithm, ByteView value);

}  // namespace hf::crypto::p11
