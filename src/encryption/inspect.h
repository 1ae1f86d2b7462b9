// Whom an encrypted file is for, read from the file alone: no key, no database.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "keys/formats/file.h"

namespace hf::encryption {

struct SeenRecipient {
  std::string how;                     // "ECDH-ES + A256KW", "RSA-OAEP", "ECIES-P256"
  std::string fingerprint;             // hex, of a form that names its recipients by their key's SHA-256
  std::string issuer, serial, key_id;  // of a certificate; RFC 4514, hex, hex
};
struct Seen {
  std::string form{};    // "mcuboot", "swu", "rauc", "cms", "cose"
  std::string cipher{};  // of the content
  std::vector<SeenRecipient> recipients{};
  std::vector<std::string> parts{};  // of the file, that are encrypted
  std::string note{};
};

// HF-ENCRYPT-0030: it is none of the forms, or is not encrypted. Errors of the form's own reader.
[[nodiscard]] Result<Seen> inspect(const keys::SourceFile& file);
[[nodiscard]] JsonObject to_json(const Seen& seen);

}  // namespace hf::encryption
