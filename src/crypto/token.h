// The port to a token as its custodian sees it: keys by their pin, made, listed and used. The signer process alone
// opens one; whoever only needs a key by its label takes a KeyStore.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/key_store.h"
#include "crypto/token_setup.h"

namespace hf::crypto {

// What the token says of a private key: custody as facts, read back and not assumed. Absent: the token does not say.
struct Custody {
  std::optional<bool> local, sensitive, always_sensitive, extractable, never_extractable, copyable, modifiable;
  std::optional<bool> sign, decrypt, unwrap, wrap, derive, always_authenticate;

  bool operator==(const Custody&) const = default;
};

struct TokenKey {
  std::string label;
  KeyPin pin;
  PublicKey public_key;
  Custody custody;
};

// What stands on a token under one CKA_ID and is no key pair: a half, or more than one of a half.
struct OddObject {
  std::string label;
  Bytes id;
  std::string why;
};

struct TokenContents {
  std::vector<TokenKey> keys;  // by id
  std::vector<OddObject> odd;
};

struct TokenInfo {
  std::string label, manufacturer, model, serial;
};

class Token {
 public:
  virtual ~Token() = default;
  [[nodiscard]] virtual Result<TokenInfo> info() = 0;
  [[nodiscard]] virtual Result<TokenContents> contents() = 0;
  [[nodiscard]] virtual Result<PublicKey> public_key(const KeyPin& key) = 0;
  // A new pair that cannot leave the token, proven by a signature. HF-KEY-0007 if the label is taken.
  [[nodiscard]] virtual Result<TokenKey> generate(KeyAlgorithm algorithm, std::string_view label) = 0;
  // Over signing_input() of a message; verified with the key's public half before it is returned. HF-KEY-0002, 0003,
  // 0005, 0006, HF-P11-*. After HF-P11-0010 to 0014 a signature may have been made: see may_have_signed().
  [[nodiscard]] virtual Result<Bytes> sign(const KeyPin& key, SignatureScheme scheme, ByteView input) = 0;
};

// Whether the token may have made a signature although the call failed: then the use counts.
[[nodiscard]] bool may_have_signed(const Error& error);

[[nodiscard]] Result<std::unique_ptr<Token>> open_token(const TokenConfig& config);

}  // namespace hf::crypto
