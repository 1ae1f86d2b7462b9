// SQL of the comparison between the signer's journal, the register and files in the world.
#pragma once

#include "db/session.h"

namespace hf::keys {

class ReconcileStore {
 public:
  explicit ReconcileStore(const db::Reader& reader) : db_(reader) {}

  struct VersionUses {
    std::string key, fingerprint, spki;  // hex
    std::int64_t version = 0;
    std::int64_t signatures = 0;
    std::int64_t journal_line = 0;  // the highest that a signature of the register names
  };
  [[nodiscard]] Result<std::vector<VersionUses>> uses() const;  // all versions of all keys

  struct Repeat {
    std::string key, fingerprint, r;
    std::int64_t signatures = 0;
  };
  // ECDSA signatures of one key with one r that are not the same signature: who has two of them computes the key.
  [[nodiscard]] Result<std::vector<Repeat>> repeated_r() const;

  [[nodiscard]] Result<bool> knows_file(std::string_view sha256) const;  // signed, or one with a signature of its own

 private:
  const db::Reader& db_;
};

}  // namespace hf::keys
