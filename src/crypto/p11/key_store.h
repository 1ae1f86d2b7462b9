// The keys of one PKCS#11 token.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "crypto/key_store.h"
#include "crypto/secret.h"
#include "crypto/token.h"

namespace hf::crypto::p11 {

struct KeyStoreConfig {
  std::string module_path;
  std::string token_label;
  // Keys by label. A label that is not here is taken as the token has it at first use, and held to that ever after.
  std::map<std::string, KeyPin, std::less<>> pins{};
  // Held among processes while one initializes the module or logs in; empty for none. SoftHSM rewrites its token file
  // at each log-in, and a process that is initializing at that moment does not see the token (seen in 1 of 12 runs of
  // four processes started at once).
  std::filesystem::path lock_file{};
};

// For any number of threads. Must be destroyed before exit(): see module.h.
//
// A lost session, a log-out and a changed handle are mended once, unseen by the caller. A refused PIN is never tried
// again. A token that does not answer is reported at once and opened anew by the next call.
class Pkcs11KeyStore final : public KeyStore, public crypto::Token {
 public:
  // Logs in, so that a wrong PIN shows at the start. HF-P11-0001, 0002, 0010 to 0016.
  static Result<std::unique_ptr<Pkcs11KeyStore>> open(KeyStoreConfig config, Secret pin);
  ~Pkcs11KeyStore() override;

  // HF-KEY-0002, HF-KEY-0004 to 0006, HF-P11-0010 to 0016.
  Result<PublicKey> public_key(std::string_view label) override;
  Result<Bytes> sign(std::string_view label, ByteView message) override;

  Result<TokenInfo> info() override;
  Result<TokenContents> contents() override;
  Result<PublicKey> public_key(const KeyPin& key) override;
  Result<TokenKey> generate(KeyAlgorithm algorithm, std::string_view label) override;
  Result<Bytes> sign(const KeyPin& key, SignatureScheme scheme, ByteView input) override;

 private:
  class Connection;
  explicit Pkcs11KeyStore(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace hf::crypto::p11
