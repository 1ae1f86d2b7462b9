// Use cases of encryption: keys of class "encryption", who may wrap for whom, content keys, encrypted files.
//
// A content key is in the clear in this process alone, in memory that is wiped, from its making or unwrapping until the
// file is written. The rows and the entry of a file are committed before it has its name: what devices can open without
// a row of it does not leave.
#pragma once

#include <filesystem>

#include "encryption/forms.h"
#include "encryption/store.h"

namespace hf::encryption {

struct NewContentKey {
  std::string key{}, product{}, version{};
  std::filesystem::path artifact{};
  std::int64_t bits = 256;
};

struct EncryptOrder {
  std::filesystem::path artifact{}, out{};
  std::string form{};
  std::string group{};                    // every recipient of it that is not revoked
  std::vector<std::string> recipients{};  // and these, by name
};

struct Encrypted {
  ContentKey key;
  Use use;
  std::filesystem::path beside;  // the second file; empty: none
};

// A content key with what was made with it.
struct ContentKeySight {
  ContentKey key;
  std::vector<Use> uses;
};

class Register {
 public:
  explicit Register(db::Database& database) : database_(database) {}

  [[nodiscard]] Result<std::vector<EncryptionKey>> keys() const;
  [[nodiscard]] Result<std::vector<Permit>> permits(std::string_view key) const;  // HF-ENCRYPT-0001
  [[nodiscard]] Result<std::vector<Recipient>> recipients(std::string_view group) const;
  // Of every group, by group and name, after these.
  [[nodiscard]] Result<std::vector<Recipient>> recipients_after(std::string_view group, std::string_view name,
                                                                std::int64_t limit) const;
  // By its name or fingerprint. HF-ENCRYPT-0002.
  [[nodiscard]] Result<Recipient> recipient(std::string_view name) const;
  // By the artifact's SHA-256 or the first 8 digits or more of it. HF-ENCRYPT-0003.
  [[nodiscard]] Result<ContentKeySight> content_key(std::string_view artifact) const;
  [[nodiscard]] Result<std::vector<ContentKey>> content_keys(std::int64_t before, std::int64_t limit) const;
  // Every file that the recipient's key opens, whether the key is revoked or not. HF-ENCRYPT-0002.
  [[nodiscard]] Result<std::vector<Exposure>> exposed_to(std::string_view name) const;

 protected:
  db::Database& database_;
};

class Service : public Register {
 public:
  Service(db::Database& database, const Clock& clock, crypto::KekStore& token)
      : Register(database), clock_(clock), token_(token) {}

  // HF-ENCRYPT-0010: a name that is taken or none; HF-ENCRYPT-0011: no text that a register can show.
  Result<EncryptionKey> create_key(std::string_view name, std::string_view environment, const ledger::Actor& actor);
  Result<void> permit(std::string_view key, const Permit& permit, const ledger::Actor& actor);
  Result<Recipient> add_recipient(std::string_view name, std::string_view group, crypto::RecipientKey key,
                                  const ledger::Actor& actor);
  // HF-ENCRYPT-0013: revoked already.
  Result<Recipient> revoke_recipient(std::string_view name, std::string_view reason, const ledger::Actor& actor);
  // HF-ENCRYPT-0012: the actor has no permit; HF-ENCRYPT-0014: the artifact has a content key already.
  Result<ContentKey> make_content_key(const NewContentKey& wanted, const ledger::Actor& actor);
  // HF-ENCRYPT-0003 without a content key for this very artifact; HF-ENCRYPT-0012 for a recipient of a group that the
  // actor may not wrap for, HF-ENCRYPT-0015 for a revoked one, or none at all.
  Result<Encrypted> encrypt(const EncryptOrder& order, const ledger::Actor& actor);

 private:
  const Clock& clock_;
  crypto::KekStore& token_;
};

}  // namespace hf::encryption
