// All SQL of the fleet that changes rows, and the look-ups that it needs.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <tuple>

#include "fleet/types.h"
#include "ledger/transaction.h"

namespace hf::fleet {

struct ConfigurationKind;
using ConfigurationId = Id<ConfigurationKind>;

struct BatchInfo {
  std::int64_t id, product_id, hardware_revision_id;
  std::optional<std::int64_t> release_id;
  std::int64_t authorised_quantity;
  std::string product, hardware_revision;  // paths
};

struct BuildInfo {
  std::int64_t id, module_id, product_id;
};

struct Device {
  std::int64_t shard;
  std::string serial;
  std::int64_t product_id, batch_id, hardware_revision_id;
  ConfigurationId configuration;
  std::string market, state;
  Time since;
  std::int64_t segment_id, position;
};

struct CensusKey {
  ConfigurationId configuration;
  std::string market;
  std::int64_t batch_id;
  std::string state;
  friend auto operator<=>(const CensusKey&, const CensusKey&) = default;
};
using CensusChange = std::map<CensusKey, std::int64_t>;  // devices added or taken away

class Store {
 public:
  explicit Store(const db::Reader& reader) : db_(reader) {}
  [[nodiscard]] Result<std::optional<BatchInfo>> batch(std::string_view path) const;
  [[nodiscard]] Result<std::optional<BuildInfo>> build(std::string_view path) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> product(std::string_view path) const;
  [[nodiscard]] Result<std::optional<std::int64_t>> hardware_revision(std::string_view path,
                                                                      std::int64_t product_id) const;
  [[nodiscard]] Result<std::vector<std::string>> release_builds(std::int64_t release_id) const;  // paths
  [[nodiscard]] Result<std::optional<ConfigurationId>> configuration(std::string_view digest) const;
  [[nodiscard]] Result<std::optional<Device>> device(std::int64_t product_id, std::string_view serial) const;
  [[nodiscard]] Result<bool> has_credential(std::string_view kind, std::string_view sha256) const;
  [[nodiscard]] Result<std::int64_t> made(std::int64_t batch_id) const;  // devices of the batch so far

 private:
  const db::Reader& db_;
};

// Devices as rows to be inserted; views into the caller's texts.
// They are written in the order of their indexes: fingerprints are random, and a page that is filled in one go is
// written to the log once and not for each of its rows.
class DeviceRows {
 public:
  void add(const Device& device);
  void add_credential(std::string_view kind, const std::string& sha256, const Device& device);
  // False if one of them exists already: then nothing may be kept of this transaction.
  Result<bool> insert(const db::Writer& writer);

 private:
  std::vector<std::array<db::Value, 11>> rows_;
  std::vector<std::array<db::Value, 5>> credentials_;
};

Result<ConfigurationId> insert_configuration(ledger::Transaction& transaction, std::int64_t product_id,
                                             const std::string& digest,
                                             const std::vector<std::pair<std::string, std::int64_t>>& builds);
Result<void> move_device(const db::Writer& writer, const Device& before, const Device& after);
Result<void> apply_census(const db::Writer& writer, const CensusChange& change, Time now);

}  // namespace hf::fleet
