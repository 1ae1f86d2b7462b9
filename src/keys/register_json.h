// The register's rows as the JSON that REST sends and other domains show.
#pragma once

#include "keys/register.h"

namespace hf::keys {

[[nodiscard]] JsonObject line_of(const StoredKey& key);          // SigningKeyLine
[[nodiscard]] JsonObject line_of(const JudgedRequest& request);  // SigningRequestLine
[[nodiscard]] JsonObject to_json(const StoredSignature& signature);
[[nodiscard]] JsonObject to_json(const StoredIncident& incident);  // KeyIncident

}  // namespace hf::keys
