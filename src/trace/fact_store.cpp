#include "trace/fact_store.h"

#include "fleet/types.h"
#include "trace/exposure.h"

namespace hf::trace {
namespace {

const db::Query kCanonical{
    "trace.canonical", "SELECT vulnerability FROM vulnerability_alias WHERE alias = $1 ORDER BY vulnerability LIMIT 1"};
const db::Query kRecords{"trace.records", R"sql(
    SELECT feed, id, summary, severity, score, modified, digest, received_at FROM advisory WHERE vulnerability = $1 ORDER BY feed, id)sql"};
const db::Query kRecordBlobs{"trace.record_blobs",
                             "SELECT record FROM advisory WHERE vulnerability = $1 ORDER BY feed, id"};
const db::Query kAliases{
    "trace.aliases", "SELECT alias FROM vulnerability_alias WHERE vulnerability = $1 AND alias <> $1 ORDER BY alias"};
const db::Query kKev{"trace.kev", R"sql(
    SELECT date_added, due_date, name, ransomware, since FROM kev
     WHERE vulnerability = $1 AND since <= $2 AND until > $2 ORDER BY since DESC LIMIT 1)sql"};
const db::Query kEpss{"trace.epss", "SELECT score, percentile, score_date FROM epss WHERE vulnerability = $1"};
const db::Query kCompared{"trace.compared", R"sql(
    SELECT COUNT(DISTINCT ck.coordinate_id)
      FROM advisory AS a
      JOIN advisory_key AS ak ON ak.advisory_id = a.advisory_id
      JOIN coordinate_key AS ck ON ck.lookup_key = ak.lookup_key
     WHERE a.vulnerability = $1)sql"};
const db::Query kExploited{"trace.exploited", R"sql(
    SELECT k.vulnerability FROM kev AS k
     WHERE k.until > $1 AND k.since <= $1
       AND (EXISTS (SELECT 1 FROM finding AS f WHERE f.vulnerability = k.vulnerability AND f.since <= $1 AND f.until > $1)
            OR EXISTS (SELECT 1 FROM build_statement AS s WHERE s.vulnerability = k.vulnerability AND s.since <= $1 AND s.until > $1))
     ORDER BY k.vulnerability)sql"};
const db::Query kFound{"trace.found", R"sql(
    SELECT vulnerability FROM finding WHERE state = $1 AND until > $2 AND since <= $2 AND vulnerability > $3
    UNION
    SELECT vulnerability FROM build_statement WHERE state = $1 AND until > $2 AND since <= $2 AND vulnerability > $3
     ORDER BY vulnerability LIMIT $4)sql"};
const db::Query kFoundInBuild{"trace.found_in_build", R"sql(
    SELECT f.vulnerability, f.state, c.name, c.version, b.path, CASE WHEN k.vulnerability IS NULL THEN 0 ELSE 1 END
      FROM build_coordinate AS bc
      JOIN build AS b ON b.build_id = bc.build_id
      JOIN finding AS f ON f.coordinate_id = bc.coordinate_id AND f.since <= $2 AND f.until > $2
      JOIN coordinate AS c ON c.coordinate_id = bc.coordinate_id
      LEFT JOIN kev AS k ON k.vulnerability = f.vulnerability AND k.since <= $2 AND k.until > $2
     WHERE bc.build_id = $1 AND bc.since <= $2 AND bc.until > $2
       AND NOT EXISTS (SELECT 1 FROM build_statement AS s WHERE s.vulnerability = f.vulnerability AND s.build_id = $1
                          AND s.coordinate_id = f.coordinate_id AND s.since <= $2 AND s.until > $2)
    UNION ALL
    SELECT s.vulnerability, s.state, c.name, c.version, b.path, CASE WHEN k.vulnerability IS NULL THEN 0 ELSE 1 END
      FROM build_statement AS s
      JOIN build AS b ON b.build_id = s.build_id
      JOIN coordinate AS c ON c.coordinate_id = s.coordinate_id
      LEFT JOIN kev AS k ON k.vulnerability = s.vulnerability AND k.since <= $2 AND k.until > $2
     WHERE s.build_id = $1 AND s.since <= $2 AND s.until > $2)sql"};
const db::Query kBatchById{"trace.batch_by_id", "SELECT path, factory, support_end FROM batch WHERE batch_id = $1"};
const db::Query kProduct{"trace.product", "SELECT product_id, path FROM product WHERE path = $1"};
const db::Query kBuild{"trace.build", "SELECT build_id, path FROM build WHERE path = $1"};
const db::Query kBatch{"trace.batch", "SELECT batch_id, path FROM batch WHERE path = $1"};
const db::Query kProductRecord{"trace.product_record", R"sql(
    SELECT p.path, p.name, m.path, p.product_class, p.category
      FROM product AS p JOIN manufacturer AS m ON m.manufacturer_id = p.manufacturer_id WHERE p.product_id = $1)sql"};
const db::Query kProducts{"trace.products", R"sql(
    SELECT p.path, p.name, m.path, p.product_class, p.category,
           (SELECT CAST(SUM(n.devices) AS BIGINT) FROM configuration AS c JOIN census AS n ON n.configuration_id = c.configuration_id
             WHERE c.product_id = p.product_id AND n.state = 'active')
      FROM product AS p JOIN manufacturer AS m ON m.manufacturer_id = p.manufacturer_id
     WHERE p.path > $1 ORDER BY p.path LIMIT $2)sql"};
const db::Query kModules{"trace.modules", R"sql(
    SELECT m.path, m.name, m.kind, (SELECT COUNT(*) FROM build AS b WHERE b.module_id = m.module_id)
      FROM module AS m WHERE m.product_id = $1 ORDER BY m.path)sql"};
const db::Query kBuilds{"trace.builds", R"sql(
    SELECT b.path, m.path, b.version, s.sha256, s.format, s.spec_version, s.components, s.unidentified, s.received_at, s.entry_id
      FROM module AS m JOIN build AS b ON b.module_id = m.module_id
      LEFT JOIN sbom AS s ON s.build_id = b.build_id AND s.received_at <= $2 AND s.replaced_at > $2
     WHERE m.product_id = $1 ORDER BY b.build_id DESC)sql"};
const db::Query kReleases{"trace.releases", R"sql(
    SELECT r.release_id, r.path, r.version, r.kind, r.security_version FROM release AS r WHERE r.product_id = $1 ORDER BY r.release_id DESC)sql"};
const db::Query kReleaseBuilds{"trace.release_builds", R"sql(
    SELECT b.path FROM release_build AS r JOIN build AS b ON b.build_id = r.build_id WHERE r.release_id = $1 ORDER BY b.path)sql"};
const db::Query kBatches{"trace.batches", R"sql(
    SELECT b.batch_id, b.path, b.factory, b.authorised_quantity, b.support_end, r.path
      FROM batch AS b LEFT JOIN release AS r ON r.release_id = b.release_id
     WHERE b.product_id = $1 ORDER BY b.batch_id)sql"};
const db::Query kPlacements{
    "trace.placements", "SELECT market, placed_at FROM batch_placement WHERE batch_id = $1 ORDER BY placed_at, market"};
const db::Query kProductUnits{"trace.product_units", R"sql(
    SELECT n.configuration_id, n.market, n.batch_id, n.devices
      FROM configuration AS c JOIN census AS n ON n.configuration_id = c.configuration_id
     WHERE c.product_id = $1 AND n.state = 'active' AND n.devices > 0
     ORDER BY n.configuration_id, n.market, n.batch_id)sql"};
const db::Query kProductUnitsThen{"trace.product_units_then", R"sql(
    SELECT n.configuration_id, n.market, n.batch_id,
           (SELECT p.devices FROM census_history AS p
             WHERE p.configuration_id = n.configuration_id AND p.market = n.market AND p.batch_id = n.batch_id AND p.state = n.state
               AND p.since <= $2
             ORDER BY p.since DESC LIMIT 1) AS devices
      FROM configuration AS c JOIN census AS n ON n.configuration_id = c.configuration_id
     WHERE c.product_id = $1 AND n.state = 'active'
     ORDER BY n.configuration_id, n.market, n.batch_id)sql"};
const db::Query kConfigurationBuilds{"trace.configuration_builds", R"sql(
    SELECT b.build_id, b.path, m.path, b.version, CASE WHEN s.sbom_id IS NULL THEN 0 ELSE 1 END
      FROM configuration_build AS cb
      JOIN build AS b ON b.build_id = cb.build_id
      JOIN module AS m ON m.module_id = b.module_id
      LEFT JOIN sbom AS s ON s.build_id = b.build_id AND s.received_at <= $2 AND s.replaced_at > $2
     WHERE cb.configuration_id = $1 ORDER BY b.path)sql"};
const db::Query kSboms{"trace.sboms", R"sql(
    SELECT sha256, format, spec_version, components, unidentified, received_at, replaced_at, entry_id, size
      FROM sbom WHERE build_id = $1 AND received_at <= $2 ORDER BY received_at DESC)sql"};
const db::Query kComponents{"trace.components", R"sql(
    SELECT c.coordinate_id, c.name, c.version, c.purl, c.identified, bc.ref,
           (SELECT COUNT(*) FROM finding AS f WHERE f.coordinate_id = c.coordinate_id AND f.since <= $2 AND f.until > $2 AND f.state = 'affected')
      FROM build_coordinate AS bc JOIN coordinate AS c ON c.coordinate_id = bc.coordinate_id
     WHERE bc.build_id = $1 AND bc.since <= $2 AND bc.until > $2 AND bc.coordinate_id > $3
     ORDER BY bc.coordinate_id LIMIT $4)sql"};
const db::Query kComponentCount{
    "trace.component_count",
    "SELECT COUNT(*) FROM build_coordinate WHERE build_id = $1 AND since <= $2 AND until > $2"};
const db::Query kBuildDevices{"trace.build_devices", R"sql(
    SELECT CAST(SUM(n.devices) AS BIGINT) FROM configuration_build AS cb JOIN census AS n ON n.configuration_id = cb.configuration_id
     WHERE cb.build_id = $1 AND n.state = 'active')sql"};
const db::Query kBuildDevicesThen{"trace.build_devices_then", R"sql(
    SELECT CAST(SUM((SELECT p.devices FROM census_history AS p
                      WHERE p.configuration_id = n.configuration_id AND p.market = n.market AND p.batch_id = n.batch_id AND p.state = n.state
                        AND p.since <= $2
                      ORDER BY p.since DESC LIMIT 1)) AS BIGINT)
      FROM configuration_build AS cb JOIN census AS n ON n.configuration_id = cb.configuration_id
     WHERE cb.build_id = $1 AND n.state = 'active')sql"};
const db::Query kDevice{"trace.device", R"sql(
    SELECT b.path, h.path, d.market, d.state, d.configuration_id, d.since, d.segment_id, d.position
      FROM device AS d
      JOIN batch AS b ON b.batch_id = d.batch_id
      JOIN hardware_revision AS h ON h.hardware_revision_id = d.hardware_revision_id
     WHERE d.shard = $1 AND d.serial = $2 AND d.product_id = $3)sql"};
const db::Query kPast{"trace.device_past", R"sql(
    SELECT since, until, configuration_id, market, state FROM device_past
     WHERE shard = $1 AND serial = $2 AND product_id = $3 ORDER BY since DESC)sql"};
const db::Query kCredentials{"trace.credentials", R"sql(
    SELECT kind, sha256 FROM device_credential WHERE shard = $1 AND serial = $2 AND product_id = $3 ORDER BY kind)sql"};
const db::Query kHolders{"trace.holders", R"sql(
    SELECT c.kind, p.path, c.serial FROM device_credential AS c JOIN product AS p ON p.product_id = c.product_id
     WHERE c.kind IN ('certificate', 'key') AND c.sha256 = $1 ORDER BY c.kind)sql"};
const db::Query kWithSerial{"trace.products_with_serial", R"sql(
    SELECT p.path FROM device AS d JOIN product AS p ON p.product_id = d.product_id WHERE d.shard = $1 AND d.serial = $2 ORDER BY p.path)sql"};
const db::Query kSegmentEntry{"trace.segment_entry", "SELECT entry_id FROM ledger_segment WHERE segment_id = $1"};
Json text_or_null(const db::Row& row, std::size_t i) { return row.is_null(i) ? Json(nullptr) : Json(row.text(i)); }
Json time_or_null(const db::Row& row, std::size_t i) {
  return row.is_null(i) ? Json(nullptr) : Json(format_rfc3339(row.time(i)));
}
// A period that has not ended has no end.
Json end_or_null(const db::Row& row, std::size_t i) {
  return row.int64(i) == std::numeric_limits<std::int64_t>::max() ? Json(nullptr) : Json(format_rfc3339(row.time(i)));
}
JsonObject product_json(const db::Row& row) {
  return {{"path", row.text(0)},
          {"name", row.text(1)},
          {"manufacturer", row.text(2)},
          {"product_class", row.text(3)},
          {"category", text_or_null(row, 4)}};
}
FactStore::Named named(const db::Row& row) { return {row.int64(0), row.string(1)}; }
std::string text_at_0(const db::Row& row) { return row.string(0); }

}  // namespace

Result<std::string> FactStore::canonical(std::string_view number) const {
  if (!is_askable(number)) return std::string();
  HF_TRY(auto found, db_.find(kCanonical, text_at_0, number));
  return found.value_or(std::string(number));
}

Result<JsonArray> FactStore::records(std::string_view vulnerability) const {
  JsonArray records;
  HF_CHECK(db_.each(
      kRecords,
      [&](const db::Row& row) {
        records.push_back(JsonObject{{"feed", row.text(0)},
                                     {"id", row.text(1)},
                                     {"summary", row.text(2)},
                                     {"severity", row.text(3)},
                                     {"score", row.text(4)},
                                     {"modified", time_or_null(row, 5)},
                                     {"digest", row.text(6)},
                                     {"received_at", format_rfc3339(row.time(7))}});
        return true;
      },
      vulnerability));
  return records;
}

Result<std::vector<std::string>> FactStore::record_blobs(std::string_view vulnerability) const {
  return db_.select(
      kRecordBlobs, [](const db::Row& row) { return std::string(text_of(row.blob(0))); }, vulnerability);
}

Result<JsonArray> FactStore::aliases(std::string_view vulnerability) const {
  JsonArray aliases;
  HF_CHECK(db_.each(
      kAliases, [&](const db::Row& row) { return aliases.emplace_back(row.text(0)), true; }, vulnerability));
  return aliases;
}

Result<std::optional<JsonObject>> FactStore::kev(std::string_view vulnerability) const {
  return db_.find(
      kKev,
      [](const db::Row& row) {
        return JsonObject{{"date_added", row.text(0)},
                          {"due_date", row.text(1)},
                          {"name", row.text(2)},
                          {"ransomware", row.int64(3) == 1},
                          {"received_at", format_rfc3339(row.time(4))}};
      },
      vulnerability, as_of_.micros());
}

Result<std::optional<JsonObject>> FactStore::epss(std::string_view vulnerability) const {
  return db_.find(
      kEpss,
      [](const db::Row& row) {
        return JsonObject{{"score", row.text(0)}, {"percentile", row.text(1)}, {"date", row.text(2)}};
      },
      vulnerability);
}

Result<std::int64_t> FactStore::compared(std::string_view vulnerability) const {
  return db_.number(kCompared, vulnerability);
}

Result<std::vector<std::string>> FactStore::exploited() const {
  return db_.select(kExploited, text_at_0, as_of_.micros());
}

Result<std::vector<std::string>> FactStore::found(std::string_view state, std::string_view after,
                                                  std::int64_t limit) const {
  return db_.select(
      kFound, [](const db::Row& row) { return row.string(0); }, state, as_of_.micros(), after, limit);
}

Result<std::vector<FactStore::FoundRow>> FactStore::found_in_build(std::int64_t build_id) const {
  return db_.select(
      kFoundInBuild,
      [](const db::Row& row) {
        return FoundRow{row.string(0), row.string(1), row.string(2), row.string(3), row.string(4), row.int64(5) == 1};
      },
      build_id, as_of_.micros());
}

Result<std::optional<JsonObject>> FactStore::batch(std::int64_t batch_id) const {
  return db_.find(
      kBatchById,
      [](const db::Row& row) {
        return JsonObject{{"path", row.text(0)}, {"factory", row.text(1)}, {"support_end", time_or_null(row, 2)}};
      },
      batch_id);
}

Result<std::optional<FactStore::Named>> FactStore::by_path(const db::Query& query, std::string_view path) const {
  if (!is_askable(path)) return std::optional<Named>();
  return db_.find(query, named, path);
}
Result<std::optional<FactStore::Named>> FactStore::product(std::string_view path) const {
  return by_path(kProduct, path);
}
Result<std::optional<FactStore::Named>> FactStore::build(std::string_view path) const { return by_path(kBuild, path); }
Result<std::optional<FactStore::Named>> FactStore::batch(std::string_view path) const { return by_path(kBatch, path); }

Result<std::optional<JsonObject>> FactStore::product_record(std::int64_t product_id) const {
  return db_.find(kProductRecord, product_json, product_id);
}

Result<std::vector<JsonObject>> FactStore::products(std::string_view after, std::int64_t limit) const {
  return db_.select(
      kProducts,
      [](const db::Row& row) {
        auto product = product_json(row);
        product["devices"] = row.int64_or_none(5).value_or(0);
        return product;
      },
      after, limit);
}

Result<std::vector<JsonObject>> FactStore::modules(std::int64_t product_id) const {
  return db_.select(
      kModules,
      [](const db::Row& row) {
        return JsonObject{
            {"path", row.text(0)}, {"name", row.text(1)}, {"kind", row.text(2)}, {"builds", row.int64(3)}};
      },
      product_id);
}

Result<std::vector<JsonObject>> FactStore::builds(std::int64_t product_id) const {
  return db_.select(
      kBuilds,
      [](const db::Row& row) {
        JsonObject build{{"path", row.text(0)}, {"module", row.text(1)}, {"version", row.text(2)}, {"sbom", nullptr}};
        if (!row.is_null(3))
          build["sbom"] = JsonObject{{"sha256", row.text(3)},        {"format", row.text(4)},
                                     {"spec_version", row.text(5)},  {"components", row.int64(6)},
                                     {"unidentified", row.int64(7)}, {"received_at", format_rfc3339(row.time(8))},
                                     {"entry", row.int64(9)}};
        return build;
      },
      product_id, as_of_.micros());
}

Result<std::vector<JsonObject>> FactStore::releases(std::int64_t product_id) const {
  std::vector<std::int64_t> ids;
  HF_TRY(auto releases, db_.select(
                            kReleases,
                            [&](const db::Row& row) {
                              ids.push_back(row.int64(0));
                              return JsonObject{{"path", row.text(1)},
                                                {"version", row.text(2)},
                                                {"kind", row.text(3)},
                                                {"security_version", row.int64(4)}};
                            },
                            product_id));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    JsonArray builds;
    HF_CHECK(db_.each(
        kReleaseBuilds, [&](const db::Row& row) { return builds.emplace_back(row.text(0)), true; }, ids[i]));
    releases[i]["builds"] = std::move(builds);
  }
  return releases;
}

Result<std::vector<JsonObject>> FactStore::batches(std::int64_t product_id) const {
  return db_.select(
      kBatches,
      [](const db::Row& row) {
        return JsonObject{{"id", row.int64(0)},
                          {"path", row.text(1)},
                          {"factory", row.text(2)},
                          {"authorised_quantity", row.int64(3)},
                          {"support_end", time_or_null(row, 4)},
                          {"release", text_or_null(row, 5)}};
      },
      product_id);
}

Result<std::vector<JsonObject>> FactStore::placements(std::int64_t batch_id) const {
  return db_.select(
      kPlacements,
      [](const db::Row& row) {
        return JsonObject{{"market", row.text(0)}, {"placed_at", format_rfc3339(row.time(1))}};
      },
      batch_id);
}

Result<std::vector<UnitsRow>> FactStore::product_units(std::int64_t product_id) const {
  const auto read = [](const db::Row& row) {
    return UnitsRow{row.int64(0), row.string(1), row.int64(2), row.int64_or_none(3).value_or(0)};
  };
  if (!as_of_.at) return db_.select(kProductUnits, read, product_id);
  return db_.select(kProductUnitsThen, read, product_id, as_of_.micros());
}

Result<std::vector<JsonObject>> FactStore::configuration_builds(std::int64_t configuration_id) const {
  return db_.select(
      kConfigurationBuilds,
      [](const db::Row& row) {
        return JsonObject{{"id", row.int64(0)},
                          {"path", row.text(1)},
                          {"module", row.text(2)},
                          {"version", row.text(3)},
                          {"sbom", row.int64(4) == 1}};
      },
      configuration_id, as_of_.micros());
}

Result<std::vector<JsonObject>> FactStore::sboms(std::int64_t build_id) const {
  return db_.select(
      kSboms,
      [](const db::Row& row) {
        return JsonObject{{"sha256", row.text(0)},
                          {"format", row.text(1)},
                          {"spec_version", row.text(2)},
                          {"components", row.int64(3)},
                          {"unidentified", row.int64(4)},
                          {"received_at", format_rfc3339(row.time(5))},
                          {"replaced_at", end_or_null(row, 6)},
                          {"entry", row.int64(7)},
                          {"size", row.int64(8)}};
      },
      build_id, as_of_.micros());
}

Result<std::vector<JsonObject>> FactStore::components(std::int64_t build_id, std::int64_t after,
                                                      std::int64_t limit) const {
  return db_.select(
      kComponents,
      [](const db::Row& row) {
        return JsonObject{{"coordinate", row.int64(0)},      {"name", row.text(1)},
                          {"version", row.text(2)},          {"purl", row.text(3)},
                          {"identified", row.int64(4) == 1}, {"ref", row.text(5)},
                          {"affected_by", row.int64(6)}};
      },
      build_id, as_of_.micros(), after, limit);
}

Result<std::int64_t> FactStore::component_count(std::int64_t build_id) const {
  return db_.number(kComponentCount, build_id, as_of_.micros());
}
Result<std::int64_t> FactStore::build_devices(std::int64_t build_id) const {
  return as_of_.at ? db_.number(kBuildDevicesThen, build_id, as_of_.micros()) : db_.number(kBuildDevices, build_id);
}

Result<std::optional<FactStore::Unit>> FactStore::device(std::int64_t product_id, std::string_view serial) const {
  return db_.find(
      kDevice,
      [](const db::Row& row) {
        return Unit{row.string(0), row.string(1), row.string(2), row.string(3),
                    row.int64(4),  row.time(5),   row.int64(6),  row.int64(7)};
      },
      fleet::shard_of(serial), serial, product_id);
}

Result<std::vector<FactStore::PastRow>> FactStore::past(std::int64_t product_id, std::string_view serial) const {
  return db_.select(
      kPast,
      [](const db::Row& row) {
        return PastRow{row.time(0), row.time(1), row.int64(2), row.string(3), row.string(4)};
      },
      fleet::shard_of(serial), serial, product_id);
}

Result<std::vector<std::pair<std::string, std::string>>> FactStore::credentials(std::int64_t product_id,
                                                                                std::string_view serial) const {
  return db_.select(
      kCredentials, [](const db::Row& row) { return std::pair(row.string(0), row.string(1)); }, fleet::shard_of(serial),
      serial, product_id);
}

Result<std::vector<FactStore::Holder>> FactStore::holders(std::string_view sha256) const {
  if (!is_askable(sha256)) return std::vector<Holder>();
  return db_.select(
      kHolders,
      [](const db::Row& row) {
        return Holder{row.string(0), row.string(1), row.string(2)};
      },
      sha256);
}

Result<std::vector<std::string>> FactStore::products_with_serial(std::string_view serial) const {
  return db_.select(kWithSerial, text_at_0, fleet::shard_of(serial), serial);
}

Result<std::optional<std::int64_t>> FactStore::segment_entry(std::int64_t segment_id) const {
  return db_.find(
      kSegmentEntry, [](const db::Row& row) { return row.int64(0); }, segment_id);
}

}  // namespace hf::trace
