#include "fleet/store.h"

#include <algorithm>

#include "db/check.h"
#include "fleet/event_proof_store.h"

namespace hf::fleet {
namespace {

const ledger::RegisterEventProof kDeviceProof{&make_event_proof};
const db::Check kCensusCounts{"fleet.check.census", R"sql(
    SELECT 'configuration ' || CAST(COALESCE(d.configuration_id, c.configuration_id) AS TEXT) || ', market ' || COALESCE(d.market, c.market) ||
           ', batch ' || CAST(COALESCE(d.batch_id, c.batch_id) AS TEXT) || ', ' || COALESCE(d.state, c.state) || ': counted ' ||
           CAST(COALESCE(d.devices, 0) AS TEXT) || ', census says ' || CAST(COALESCE(c.devices, 0) AS TEXT)
      FROM (SELECT configuration_id, market, batch_id, state, COUNT(*) AS devices
              FROM device GROUP BY configuration_id, market, batch_id, state) AS d
      FULL JOIN census AS c ON c.configuration_id = d.configuration_id AND c.market = d.market
                           AND c.batch_id = d.batch_id AND c.state = d.state
     WHERE COALESCE(d.devices, 0) <> COALESCE(c.devices, 0))sql"};
const db::Check kCensusHistory{"fleet.check.census_history", R"sql(
    SELECT 'configuration ' || CAST(c.configuration_id AS TEXT) || ', market ' || c.market || ', batch ' || CAST(c.batch_id AS TEXT) ||
           ', ' || c.state || ': the newest value of its history is not ' || CAST(c.devices AS TEXT)
      FROM census AS c
     WHERE c.devices <> COALESCE((SELECT h.devices FROM census_history AS h
                                   WHERE h.configuration_id = c.configuration_id AND h.market = c.market
                                     AND h.batch_id = c.batch_id AND h.state = c.state
                                   ORDER BY h.since DESC LIMIT 1), -1))sql"};

const db::Query kBatch{"fleet.batch", R"sql(
    SELECT b.batch_id, b.product_id, b.hardware_revision_id, b.release_id, b.authorised_quantity, p.path, h.path
      FROM batch AS b
      JOIN product AS p ON p.product_id = b.product_id
      JOIN hardware_revision AS h ON h.hardware_revision_id = b.hardware_revision_id
     WHERE b.path = $1)sql"};
const db::Query kBuild{"fleet.build", R"sql(
    SELECT b.build_id, b.module_id, m.product_id
      FROM build AS b JOIN module AS m ON m.module_id = b.module_id
     WHERE b.path = $1)sql"};
const db::Query kProduct{"fleet.product", "SELECT product_id FROM product WHERE path = $1"};
const db::Query kHardware{"fleet.hardware_revision",
                          "SELECT hardware_revision_id FROM hardware_revision WHERE path = $1 AND product_id = $2"};
const db::Query kReleaseBuilds{"fleet.release_builds", R"sql(
    SELECT b.path FROM release_build AS r JOIN build AS b ON b.build_id = r.build_id WHERE r.release_id = $1 ORDER BY b.path)sql"};
const db::Query kConfiguration{"fleet.configuration", "SELECT configuration_id FROM configuration WHERE digest = $1"};
const db::Query kInsertConfiguration{"fleet.insert_configuration", R"sql(
    INSERT INTO configuration (configuration_id, entry_id, product_id, digest, created_at) VALUES ($1, $2, $3, $4, $5))sql"};
const db::Query kInsertConfigurationBuild{"fleet.insert_configuration_build", R"sql(
    INSERT INTO configuration_build (configuration_id, build_id) VALUES ($1, $2))sql"};
const db::Query kDevice{"fleet.device", R"sql(
    SELECT shard, serial, product_id, batch_id, hardware_revision_id, configuration_id, market, state, since, segment_id, position
      FROM device WHERE shard = $1 AND serial = $2 AND product_id = $3)sql"};
const db::Query kInsertDevice{"fleet.insert_device", R"sql(
    INSERT INTO device (shard, serial, product_id, batch_id, hardware_revision_id, configuration_id, market, state, since, segment_id, position)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (shard, serial, product_id) DO NOTHING)sql"};
const db::Query kInsertCredential{"fleet.insert_credential", R"sql(
    INSERT INTO device_credential (kind, sha256, shard, serial, product_id) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (kind, sha256) DO NOTHING)sql"};
const db::Query kInsertPast{"fleet.insert_past", R"sql(
    INSERT INTO device_past (shard, serial, product_id, since, until, configuration_id, market, state)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};
const db::Query kMove{"fleet.move", R"sql(
    UPDATE device SET configuration_id = $4, state = $5, since = $6, segment_id = $7, position = $8
     WHERE shard = $1 AND serial = $2 AND product_id = $3)sql"};
const db::Query kHasCredential{"fleet.has_credential",
                               "SELECT COUNT(*) FROM device_credential WHERE kind = $1 AND sha256 = $2"};
const db::Query kMade{"fleet.made", "SELECT CAST(SUM(devices) AS BIGINT) FROM census WHERE batch_id = $1"};
const db::Query kCount{"fleet.count", R"sql(
    INSERT INTO census (configuration_id, market, batch_id, state, devices) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (configuration_id, market, batch_id, state) DO UPDATE SET devices = census.devices + excluded.devices
    RETURNING devices)sql"};
// PostgreSQL checks the inserted row before it sees the conflict: a decrement goes this way.
const db::Query kCountDown{"fleet.count_down", R"sql(
    UPDATE census SET devices = devices - $5
     WHERE configuration_id = $1 AND market = $2 AND batch_id = $3 AND state = $4
    RETURNING devices)sql"};
const db::Query kRemember{"fleet.remember_count", R"sql(
    INSERT INTO census_history (configuration_id, market, batch_id, state, since, devices) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (configuration_id, market, batch_id, state, since) DO UPDATE SET devices = excluded.devices)sql"};

const ledger::ProvenTable kConfigurationTable{"configuration", "configuration_id",
                                              "configuration_id, product_id, digest, created_at"};

template <std::size_t Width>
std::span<const db::Value> flat(const std::vector<std::array<db::Value, Width>>& rows) {
  return {rows.empty() ? nullptr : rows.front().data(),
          rows.size() * Width};  // arrays of a vector lie one after the other
}

}  // namespace

Result<std::optional<BatchInfo>> Store::batch(std::string_view path) const {
  return db_.find(
      kBatch,
      [](const db::Row& row) {
        return BatchInfo{row.int64(0), row.int64(1),  row.int64(2), row.int64_or_none(3),
                         row.int64(4), row.string(5), row.string(6)};
      },
      path);
}

Result<std::optional<BuildInfo>> Store::build(std::string_view path) const {
  return db_.find(
      kBuild,
      [](const db::Row& row) {
        return BuildInfo{row.int64(0), row.int64(1), row.int64(2)};
      },
      path);
}

Result<std::optional<std::int64_t>> Store::product(std::string_view path) const {
  return db_.find(
      kProduct, [](const db::Row& row) { return row.int64(0); }, path);
}

Result<std::optional<std::int64_t>> Store::hardware_revision(std::string_view path, std::int64_t product_id) const {
  return db_.find(
      kHardware, [](const db::Row& row) { return row.int64(0); }, path, product_id);
}

Result<std::vector<std::string>> Store::release_builds(std::int64_t release_id) const {
  return db_.select(
      kReleaseBuilds, [](const db::Row& row) { return row.string(0); }, release_id);
}

Result<std::optional<ConfigurationId>> Store::configuration(std::string_view digest) const {
  return db_.find(
      kConfiguration, [](const db::Row& row) { return ConfigurationId{row.int64(0)}; }, digest);
}

Result<std::optional<Device>> Store::device(std::int64_t product_id, std::string_view serial) const {
  return db_.find(
      kDevice,
      [](const db::Row& row) {
        return Device{
            row.int64(0),  row.string(1), row.int64(2), row.int64(3), row.int64(4), ConfigurationId{row.int64(5)},
            row.string(6), row.string(7), row.time(8),  row.int64(9), row.int64(10)};
      },
      shard_of(serial), serial, product_id);
}

Result<bool> Store::has_credential(std::string_view kind, std::string_view sha256) const {
  HF_TRY(const auto count, db_.number(kHasCredential, kind, sha256));
  return count > 0;
}

Result<std::int64_t> Store::made(std::int64_t batch_id) const { return db_.number(kMade, batch_id); }

void DeviceRows::add(const Device& d) {
  rows_.push_back({d.shard, std::string_view(d.serial), d.product_id, d.batch_id, d.hardware_revision_id,
                   d.configuration.value, std::string_view(d.market), std::string_view(d.state), micros(d.since),
                   d.segment_id, d.position});
}

void DeviceRows::add_credential(std::string_view kind, const std::string& sha256, const Device& d) {
  credentials_.push_back({kind, std::string_view(sha256), d.shard, std::string_view(d.serial), d.product_id});
}

Result<bool> DeviceRows::insert(const db::Writer& writer) {
  const auto number = [](const db::Value& value) { return std::get<std::int64_t>(value); };
  const auto text = [](const db::Value& value) { return std::get<std::string_view>(value); };
  std::sort(rows_.begin(), rows_.end(), [&](const auto& a, const auto& b) {  // shard, serial
    return std::pair(number(a[0]), text(a[1])) < std::pair(number(b[0]), text(b[1]));
  });
  std::sort(credentials_.begin(), credentials_.end(), [&](const auto& a, const auto& b) {  // kind, fingerprint
    return std::pair(text(a[0]), text(a[1])) < std::pair(text(b[0]), text(b[1]));
  });
  HF_TRY(const auto devices, writer.execute_many(kInsertDevice, flat(rows_), rows_.empty() ? 1 : rows_.front().size()));
  HF_TRY(const auto credentials, writer.execute_many(kInsertCredential, flat(credentials_),
                                                     credentials_.empty() ? 1 : credentials_.front().size()));
  return devices == std::int64_t(rows_.size()) && credentials == std::int64_t(credentials_.size());
}

Result<ConfigurationId> insert_configuration(ledger::Transaction& transaction, std::int64_t product_id,
                                             const std::string& digest,
                                             const std::vector<std::pair<std::string, std::int64_t>>& builds) {
  auto& writer = transaction.db();
  HF_TRY(const auto id, writer.next_id());
  JsonArray paths;
  for (const auto& [path, build] : builds) paths.push_back(Json(path));
  HF_TRY(const auto entry, transaction.append("configuration.first_seen", {"configuration:" + digest},
                                              {{"builds", std::move(paths)}, {"digest", digest}}));
  HF_CHECK(writer.execute(kInsertConfiguration, id, entry, product_id, digest, transaction.now()));
  for (const auto& [path, build] : builds) HF_CHECK(writer.execute(kInsertConfigurationBuild, id, build));
  HF_CHECK(transaction.prove(entry, kConfigurationTable, id));
  return ConfigurationId{id};
}

Result<void> move_device(const db::Writer& writer, const Device& before, const Device& after) {
  HF_CHECK(writer.execute(kInsertPast, before.shard, before.serial, before.product_id, before.since, after.since,
                          before.configuration, before.market, before.state));
  HF_CHECK(writer.execute(kMove, after.shard, after.serial, after.product_id, after.configuration, after.state,
                          after.since, after.segment_id, after.position));
  return {};
}

Result<void> apply_census(const db::Writer& writer, const CensusChange& change, Time now) {
  for (const auto& [key, delta] : change) {
    if (delta == 0) continue;
    const auto& query = delta > 0 ? kCount : kCountDown;
    HF_TRY(const auto devices, writer.find(
                                   query, [](const db::Row& row) { return row.int64(0); }, key.configuration,
                                   key.market, key.batch_id, key.state, std::abs(delta)));
    if (!devices)
      return fail(ErrorKind::internal, "HF-FLEET-0009",
                  "the census has no counter to take devices from; run 'holdfast db check'");
    HF_CHECK(writer.execute(kRemember, key.configuration, key.market, key.batch_id, key.state, now, *devices));
  }
  return {};
}

}  // namespace hf::fleet
