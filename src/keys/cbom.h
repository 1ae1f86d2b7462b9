// The register as a cryptography bill of materials: CycloneDX 1.6, component type "cryptographic-asset" (ECMA-424,
// section on cryptoProperties). Every version of every key, the algorithms they are of, and what holds them. Pure.
#pragma once

#include <span>
#include <vector>

#include "keys/store.h"

namespace hf::keys {

struct CbomKey {
  StoredKey key;
  std::vector<StoredVersion> versions;
};

// `token`: what holds the private keys, for people. States are CycloneDX's: a version that only verifies, or is
// retired, is "deactivated".
[[nodiscard]] JsonObject cbom_of(std::span<const CbomKey> keys, std::string_view token, Time now);

}  // namespace hf::keys
