// From a signing key to what it signed, and to the builds, units and markets that depend on it: the SQL.
#pragma once

#include "base/json.h"
#include "trace/exposure_store.h"

namespace hf::trace {

class KeyUseStore {
 public:
  KeyUseStore(const db::Reader& reader, AsOf as_of) : db_(reader), as_of_(as_of) {}

  struct Key {
    std::int64_t id;
    std::string key_class, environment, owner, deputy, charter;  // charter: digest
  };
  [[nodiscard]] Result<std::optional<Key>> key(std::string_view name) const;
  // {version, algorithm, fingerprint, signatures}
  [[nodiscard]] Result<JsonArray> versions(std::int64_t key_id) const;
  // Newest first: {signed_at, version, product, format, artifact, artifact_sha256, requester, request, entry}
  [[nodiscard]] Result<JsonArray> signatures(std::int64_t key_id, std::int64_t limit) const;
  // Paths of the builds with an artifact that it signed.
  [[nodiscard]] Result<JsonArray> builds(std::int64_t key_id) const;
  [[nodiscard]] Result<JsonArray> builds(std::int64_t key_id, std::int64_t version) const;
  // Units that run such a build, by market.
  [[nodiscard]] Result<std::vector<std::pair<std::string, std::int64_t>>> units(std::int64_t key_id) const;
  // Of a frozen key: signatures made since.
  [[nodiscard]] Result<std::int64_t> signatures_since(std::int64_t key_id, Time since) const;

  // A version of the key in units of a hardware revision, and those units by market.
  struct Anchor {
    std::string hardware_revision;
    std::int64_t version = 0;
    std::int64_t said_slots = 0;  // by whoever recorded it; 0: nobody said
    std::int64_t slots_used = 0;
    bool fused = false;
    std::string platform;                                       // of the anchor, else of the hardware revision
    std::vector<std::pair<std::string, std::int64_t>> devices;  // by market
  };
  [[nodiscard]] Result<std::vector<Anchor>> anchors(std::int64_t key_id) const;

 private:
  const db::Reader& db_;
  AsOf as_of_;
};

}  // namespace hf::trace
