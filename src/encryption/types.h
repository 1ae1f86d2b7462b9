// Encryption keys, recipients, content keys and what was encrypted with them: rows as values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "crypto/kek.h"
#include "crypto/recipient_key.h"

namespace hf::encryption {

struct EncryptionKey {  // of class "encryption"
  std::int64_t id = 0;
  std::string name{}, environment{};
  crypto::Kek kek{};
  Time created_at{};
  std::int64_t entry = 0;
};

struct Permit {
  std::string person, group;  // "*": any group
  bool allowed = false;
  Time decided_at;
};

struct Revocation {
  std::string reason;
  Time revoked_at;
};

struct Recipient {
  std::int64_t id = 0;
  std::string name{}, group{};
  crypto::RecipientKey key{};
  std::string fingerprint{};  // hex
  Time added_at{};
  std::optional<Revocation> revocation{};
};

struct ContentKey {
  std::int64_t id = 0, key_id = 0;
  std::string key{};  // name of the encryption key
  std::string product{}, version{}, artifact_name{}, artifact_sha256{};
  std::int64_t bits = 0;
  std::string origin{};  // "generated", "bundle"
  Bytes wrapped{};
  std::string creator{};
  Time created_at{};
  std::int64_t entry = 0;
};

// A file that was written, and whom its content key was wrapped for.
struct Use {
  std::int64_t id = 0;
  std::string form{}, file_name{}, file_sha256{}, person{};
  Time wrapped_at{};
  std::vector<std::string> recipients{};  // names
};

// A file that a recipient's key opens.
struct Exposure {
  std::string product, version, artifact_name, artifact_sha256, form, file_name, file_sha256;
  Time wrapped_at;
};

}  // namespace hf::encryption
