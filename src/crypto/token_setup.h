// The token that holds the keys: made on first start in SoftHSM, or any PKCS#11 module that the operator names.
//
//   <data>/token/softhsm2.conf   written at each start, for the place where the data directory is now
//   <data>/token/tokens/         SoftHSM's own
//   <data>/token/kept/           copies of token.object, which SoftHSM can tear: see token_copy.h
//   <data>/token/so.pin          random, mode 0600
//   <data>/token/user.pin        random, mode 0600
//   <data>/token/keys.json       the keys in use: CKA_ID and fingerprint by label
//
// The directory is built as token.new and renamed, so it is whole or not there. A key counts from the moment it is in
// keys.json; what an interrupted generation left in the token before that is removed or taken over by the next start.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "crypto/key_store.h"
#include "crypto/private_file.h"

namespace hf::crypto {

struct TokenConfig {
  std::string module_path;  // the PKCS#11 library
  std::string token_label;
  std::filesystem::path pin_file;     // user PIN; mode 0600 or 0400
  std::filesystem::path record_file;  // keys.json; made when absent
  bool ours = false;                  // a soft token of set_up_soft_token(): halves of keys may be removed
};

struct KeySpec {
  std::string label;
  KeyAlgorithm algorithm{};
};

inline constexpr std::string_view kSoftTokenLabel = "holdfast";
inline constexpr std::string_view kLedgerKey = "ledger";  // Ed25519

// SoftHSM's library where Debian, Fedora and its own build put it; empty if it is nowhere.
[[nodiscard]] std::string find_soft_module();

// The soft token of this data directory, made with these keys if it is not there. Sets SOFTHSM2_CONF for the process:
// call before other threads start, and before any use of the module. Several processes may start at once.
// HF-TOKEN-0001 no SoftHSM, 0002 unusable path, 0003 the module is in use with another configuration, 0004 file system;
// HF-P11-*, HF-KEY-*, HF-FILE-*.
[[nodiscard]] Result<TokenConfig> set_up_soft_token(const std::filesystem::path& data_dir,
                                                    std::span<const KeySpec> keys,
                                                    std::string module_path = find_soft_module());

// The store of a token, with these keys in it: a key that is not recorded is looked for, else generated, proven by a
// signature, and recorded. A recorded key is never made again: HF-KEY-0002 if the token has lost it, HF-KEY-0005 if it
// is another. HF-KEY-0006 if the token's key has another algorithm than wanted. HF-TOKEN-0005: bad keys.json.
[[nodiscard]] Result<std::unique_ptr<KeyStore>> open_key_store(const TokenConfig& config,
                                                               std::span<const KeySpec> keys);

}  // namespace hf::crypto
