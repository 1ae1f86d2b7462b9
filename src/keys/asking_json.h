// What is asked of a server that signs, and what it answers, as JSON: written and read by both ends.
#pragma once

#include "keys/service.h"

namespace hf::keys {

// Without requester and person: a server takes those from who asks.
[[nodiscard]] JsonObject to_json(const NewRequest& wanted);  // NewSigningRequest
[[nodiscard]] JsonObject to_json(const NewGrant& wanted);    // NewSigningGrant
// HF-KEYS-0021 with the first fault. Closed.
[[nodiscard]] Result<NewRequest> new_request_of(const Json& json);
[[nodiscard]] Result<NewGrant> new_grant_of(const Json& json);

[[nodiscard]] Result<std::string> signed_file_of(const Json& json);                     // SignedFile: its SHA-256, hex
[[nodiscard]] Result<NewIncident> incident_of(const Json& json, std::string_view key);  // KeyFreeze

[[nodiscard]] JsonObject to_json(const Signed& made);  // MadeSignature
[[nodiscard]] Result<Signed> signed_of(const Json& json);

}  // namespace hf::keys
