#include "pki/profile_digest.h"

#include "crypto/sha256.h"
#include "keys/json_fields.h"
#include "pki/profile.h"

namespace hf::pki {

std::optional<std::string> profile_digest(std::string_view name) {
  for (const auto& [known, text] : embedded_profiles()) {
    const auto json = parse_json(text);
    const auto* const object = json ? json->if_object() : nullptr;
    if (!object || keys::text_at(*object, "name") != name) continue;
    const auto canonical = canonical_json(*json);
    if (canonical) return to_hex(crypto::sha256({bytes_of(*canonical)}));
  }
  return std::nullopt;
}

}  // namespace hf::pki
