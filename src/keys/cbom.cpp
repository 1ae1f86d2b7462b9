#include "keys/cbom.h"

#include <algorithm>
#include <array>
#include <map>

namespace hf::keys {
namespace {

using crypto::KeyAlgorithm;

struct AlgorithmFacts {
  KeyAlgorithm algorithm;
  std::string_view oid, parameters, curve;
  int bits, classical_security;  // NIST SP 800-57 part 1, table 2
};
constexpr std::array kFacts{
    AlgorithmFacts{KeyAlgorithm::ed25519, "1.3.101.112", "Ed25519", "Curve25519", 256, 128},
    AlgorithmFacts{KeyAlgorithm::ecdsa_p256, "1.2.840.10045.3.1.7", "P-256", "secp256r1", 256, 128},
    AlgorithmFacts{KeyAlgorithm::ecdsa_p384, "1.3.132.0.34", "P-384", "secp384r1", 384, 192},
    AlgorithmFacts{KeyAlgorithm::rsa_2048, "1.2.840.113549.1.1.1", "2048", "", 2048, 112},
    AlgorithmFacts{KeyAlgorithm::rsa_3072, "1.2.840.113549.1.1.1", "3072", "", 3072, 128},
    AlgorithmFacts{KeyAlgorithm::rsa_4096, "1.2.840.113549.1.1.1", "4096", "", 4096, 128},
};
const AlgorithmFacts& facts_of(KeyAlgorithm algorithm) {
  return *std::ranges::find(kFacts, algorithm, &AlgorithmFacts::algorithm);
}

std::string_view state_of(VersionState state) {
  switch (state) {
    case VersionState::pre_active: return "pre-activation";
    case VersionState::active: return "active";
    case VersionState::verify_only:
    case VersionState::retired: return "deactivated";
    case VersionState::compromised: return "compromised";
    case VersionState::destroyed: return "destroyed";
  }
  return {};
}

std::string reference_of(KeyAlgorithm algorithm) { return "algorithm/" + std::string(crypto::name_of(algorithm)); }

JsonObject property(std::string_view name, std::string_view value) {
  return {{"name", "holdfast:" + std::string(name)}, {"value", value}};
}

JsonObject algorithm_component(KeyAlgorithm algorithm) {
  const auto& facts = facts_of(algorithm);
  JsonObject properties{{"primitive", "signature"},
                        {"parameterSetIdentifier", facts.parameters},
                        {"executionEnvironment", "hardware"},
                        {"cryptoFunctions", JsonArray{"keygen", "sign", "verify"}},
                        {"classicalSecurityLevel", facts.classical_security},
                        {"nistQuantumSecurityLevel", 0}};
  if (!facts.curve.empty()) properties["curve"] = facts.curve;
  return {{"type", "cryptographic-asset"},
          {"bom-ref", reference_of(algorithm)},
          {"name", crypto::name_of(algorithm)},
          {"cryptoProperties",
           JsonObject{{"assetType", "algorithm"}, {"algorithmProperties", std::move(properties)}, {"oid", facts.oid}}}};
}

JsonObject key_component(const StoredKey& key, const KeyVersion& version, const StoredVersion* stored,
                         std::string_view token) {
  const auto id = key.name + "/" + std::to_string(version.version);
  JsonObject material{{"type", "private-key"},
                      {"id", to_hex(version.id)},
                      {"state", state_of(version.state)},
                      {"algorithmRef", reference_of(version.algorithm)},
                      {"size", facts_of(version.algorithm).bits},
                      {"securedBy", JsonObject{{"mechanism", token}}}};
  if (stored) material["creationDate"] = format_rfc3339(stored->created_at);
  JsonArray properties{property("class", key.key_class),
                       property("environment", key.environment),
                       property("owner", key.charter.owner),
                       property("deputy", key.charter.deputy),
                       property("state", name_of(version.state)),
                       property("charter", key.charter_digest),
                       property("public_key_sha256", to_hex(version.fingerprint))};
  if (stored) properties.push_back(property("custody", stored->custody));
  return {{"type", "cryptographic-asset"},
          {"bom-ref", "key/" + id},
          {"name", key.name},
          {"version", std::to_string(version.version)},
          {"cryptoProperties", JsonObject{{"assetType", "related-crypto-material"},
                                          {"relatedCryptoMaterialProperties", std::move(material)}}},
          {"properties", std::move(properties)}};
}

}  // namespace

JsonObject cbom_of(std::span<const CbomKey> keys, std::string_view token, Time now) {
  std::map<KeyAlgorithm, bool> used;
  JsonArray components, dependencies;
  for (const auto& [key, versions] : keys)
    for (const auto& version : key.charter.versions) {
      const auto stored = std::ranges::find(versions, version.version, &StoredVersion::version);
      used[version.algorithm] = true;
      components.push_back(key_component(key, version, stored == versions.end() ? nullptr : &*stored, token));
      dependencies.push_back(JsonObject{{"ref", "key/" + key.name + "/" + std::to_string(version.version)},
                                        {"dependsOn", JsonArray{reference_of(version.algorithm)}}});
    }
  for (const auto& [algorithm, yes] : used) components.push_back(algorithm_component(algorithm));
  return {{"$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json"},
          {"bomFormat", "CycloneDX"},
          {"specVersion", "1.6"},
          {"version", 1},
          {"metadata", JsonObject{{"timestamp", format_rfc3339(now)},
                                  {"tools", JsonObject{{"components", JsonArray{JsonObject{{"type", "application"},
                                                                                           {"name", "holdfast"}}}}}}}},
          {"components", std::move(components)},
          {"dependencies", std::move(dependencies)}};
}

}  // namespace hf::keys
