#include "trace/exposure_store.h"

namespace hf::trace {
namespace {

// $1 vulnerability, $2 instant. What a build says of itself, or its records say of its whole set, beats the edge.
#define HF_EDGE                                                                                                   \
  "WITH edge AS (SELECT bc.build_id, f.coordinate_id, f.state, 'record' AS basis, f.since"                        \
  "  FROM finding AS f"                                                                                           \
  "  JOIN build_coordinate AS bc ON bc.coordinate_id = f.coordinate_id AND bc.since <= $2 AND bc.until > $2"      \
  " WHERE f.vulnerability = $1 AND f.since <= $2 AND f.until > $2"                                                \
  "   AND NOT EXISTS (SELECT 1 FROM build_statement AS s WHERE s.vulnerability = $1 AND s.build_id = bc.build_id" \
  "     AND s.coordinate_id = f.coordinate_id AND s.since <= $2 AND s.until > $2)"                                \
  " UNION ALL SELECT s.build_id, s.coordinate_id, s.state, s.basis, s.since FROM build_statement AS s"            \
  " WHERE s.vulnerability = $1 AND s.since <= $2 AND s.until > $2) "

// Names of builds are long lists where a component is in many: the path alone, of which module and product are parts.
const db::Query kEdges{"trace.edges", HF_EDGE R"sql(
    SELECT e.build_id, b.path, e.coordinate_id, e.state, e.basis, e.since
      FROM edge AS e JOIN build AS b ON b.build_id = e.build_id)sql"};
const db::Query kNames{"trace.edge_names", R"sql(
    SELECT c.coordinate_id, c.name, c.version
      FROM (SELECT coordinate_id FROM finding WHERE vulnerability = $1 AND since <= $2 AND until > $2
            UNION SELECT coordinate_id FROM build_statement WHERE vulnerability = $1 AND since <= $2 AND until > $2) AS said
      JOIN coordinate AS c ON c.coordinate_id = said.coordinate_id)sql"};
// The builds of the edges. Which of the two says it does not matter here, so nothing is left out and found again.
#define HF_HELD                                                                                              \
  "WITH assessed AS (SELECT bc.build_id FROM finding AS f"                                                   \
  "  JOIN build_coordinate AS bc ON bc.coordinate_id = f.coordinate_id AND bc.since <= $2 AND bc.until > $2" \
  " WHERE f.vulnerability = $1 AND f.since <= $2 AND f.until > $2"                                           \
  " UNION ALL SELECT s.build_id FROM build_statement AS s"                                                   \
  " WHERE s.vulnerability = $1 AND s.since <= $2 AND s.until > $2) "
const db::Query kConfigurations{"trace.exposed_configurations", HF_HELD R"sql(
    SELECT DISTINCT cb.configuration_id, cb.build_id
      FROM assessed AS a JOIN configuration_build AS cb ON cb.build_id = a.build_id)sql"};
// The most urgent standing of the builds of each configuration, in the order of trace::Standing.
#define HF_REACHED                                                                            \
  HF_EDGE                                                                                     \
  ", held AS (SELECT cb.configuration_id, CAST(MAX(CASE e.state WHEN 'affected' THEN 4 WHEN " \
  "'under_investigation' THEN 3"                                                              \
  "    WHEN 'unknown' THEN 2 WHEN 'fixed' THEN 1 ELSE 0 END) AS BIGINT) AS standing,"         \
  "    MIN(CASE WHEN e.state = 'affected' THEN e.build_id END) AS first_affected"             \
  "  FROM edge AS e JOIN configuration_build AS cb ON cb.build_id = e.build_id GROUP BY cb.configuration_id) "
const db::Query kReach{"trace.reach", HF_REACHED R"sql(
    SELECT n.configuration_id, h.standing, n.market, n.batch_id, n.devices, h.first_affected
      FROM held AS h JOIN census AS n ON n.configuration_id = h.configuration_id
     WHERE n.state = 'active' AND n.devices > 0)sql"};
// The keys of the census never go away, so the past is one look-up a key.
const db::Query kReachThen{"trace.reach_then", HF_REACHED R"sql(
    SELECT n.configuration_id, h.standing, n.market, n.batch_id,
           (SELECT p.devices FROM census_history AS p
             WHERE p.configuration_id = n.configuration_id AND p.market = n.market AND p.batch_id = n.batch_id AND p.state = n.state
               AND p.since <= $2
             ORDER BY p.since DESC LIMIT 1) AS devices, h.first_affected
      FROM held AS h JOIN census AS n ON n.configuration_id = h.configuration_id
     WHERE n.state = 'active')sql"};
const db::Query kBuildPath{"trace.build_path", "SELECT path FROM build WHERE build_id = $1"};
const db::Query kAnyEdge{"trace.any_edge", R"sql(
    SELECT 1 FROM finding WHERE vulnerability = $1 AND since <= $2 AND until > $2
    UNION ALL SELECT 1 FROM build_statement WHERE vulnerability = $1 AND since <= $2 AND until > $2 LIMIT 1)sql"};
const db::Query kDevices{"trace.devices_of_configuration", R"sql(
    SELECT serial, batch_id, since FROM device
     WHERE configuration_id = $1 AND market = $2 AND serial > $3 AND state = 'active'
     ORDER BY serial LIMIT $4)sql"};
const db::Query kDevicesThen{"trace.devices_of_configuration_then", R"sql(
    SELECT serial, batch_id, since FROM (
      SELECT * FROM (SELECT serial, batch_id, since FROM device
                      WHERE configuration_id = $1 AND market = $2 AND serial > $3 AND state = 'active' AND since <= $5
                      ORDER BY serial LIMIT $4) AS present
      UNION ALL
      SELECT * FROM (SELECT p.serial, d.batch_id, p.since FROM device_past AS p
                       JOIN device AS d ON d.shard = p.shard AND d.serial = p.serial AND d.product_id = p.product_id
                      WHERE p.configuration_id = $1 AND p.market = $2 AND p.serial > $3 AND p.state = 'active'
                        AND p.since <= $5 AND p.until > $5
                      ORDER BY p.serial LIMIT $4) AS past) AS both_times
     ORDER BY serial LIMIT $4)sql"};
const db::Query kReasons{"trace.reasons", R"sql(
    SELECT f.coordinate_id, c.name, c.version, c.purl, f.state, f.reasons, f.since, f.segment_id, f.position
      FROM finding AS f JOIN coordinate AS c ON c.coordinate_id = f.coordinate_id
     WHERE f.vulnerability = $1 AND f.since <= $2 AND f.until > $2
     ORDER BY c.name, c.version, f.coordinate_id)sql"};
const db::Query kStatements{"trace.statements", R"sql(
    SELECT build_id, coordinate_id, basis, state, reason, entry_id FROM build_statement
     WHERE vulnerability = $1 AND since <= $2 AND until > $2 ORDER BY build_id, coordinate_id)sql"};

}  // namespace

Result<std::vector<EdgeRow>> ExposureStore::edges(std::string_view vulnerability) const {
  return db_.select(
      kEdges,
      [](const db::Row& row) {
        return EdgeRow{row.int64(0), row.string(1), row.int64(2), row.string(3), row.string(4), row.time(5)};
      },
      vulnerability, as_of_.micros());
}

Result<std::map<std::int64_t, ComponentName>> ExposureStore::names(std::string_view vulnerability) const {
  std::map<std::int64_t, ComponentName> names;
  HF_CHECK(db_.each(
      kNames,
      [&](const db::Row& row) {
        return names.emplace(row.int64(0), ComponentName{row.string(1), row.string(2)}), true;
      },
      vulnerability, as_of_.micros()));
  return names;
}

Result<std::vector<PairRow>> ExposureStore::configurations(std::string_view vulnerability) const {
  return db_.select(
      kConfigurations,
      [](const db::Row& row) {
        return PairRow{row.int64(0), row.int64(1)};
      },
      vulnerability, as_of_.micros());
}

Result<std::vector<ReachRow>> ExposureStore::reach(std::string_view vulnerability) const {
  return db_.select(
      as_of_.at ? kReachThen : kReach,
      [](const db::Row& row) {
        return ReachRow{{row.int64(0), row.string(2), row.int64(3), row.int64_or_none(4).value_or(0)},
                        row.int64(1),
                        row.int64_or_none(5)};
      },
      vulnerability, as_of_.micros());
}

Result<std::string> ExposureStore::build_path(std::int64_t build_id) const {
  HF_TRY(auto path, db_.find(
                        kBuildPath, [](const db::Row& row) { return row.string(0); }, build_id));
  return path.value_or("");
}

Result<bool> ExposureStore::any_edge(std::string_view vulnerability) const {
  HF_TRY(const auto any, db_.number(kAnyEdge, vulnerability, as_of_.micros()));
  return any == 1;
}

Result<std::vector<UnitRow>> ExposureStore::devices(std::int64_t configuration_id, std::string_view market,
                                                    std::string_view after, std::int64_t limit) const {
  const auto read = [](const db::Row& row) { return UnitRow{row.string(0), row.int64(1), row.time(2)}; };
  if (!as_of_.at) return db_.select(kDevices, read, configuration_id, market, after, limit);
  return db_.select(kDevicesThen, read, configuration_id, market, after, limit, as_of_.micros());
}

Result<std::vector<ExposureStore::ReasonRow>> ExposureStore::reasons(std::string_view vulnerability) const {
  return db_.select(
      kReasons,
      [](const db::Row& row) {
        return ReasonRow{row.int64(0),  row.string(1), row.string(2), row.string(3), row.string(4),
                         row.string(5), row.time(6),   row.int64(7),  row.int64(8)};
      },
      vulnerability, as_of_.micros());
}

Result<std::vector<ExposureStore::StatementRow>> ExposureStore::statements(std::string_view vulnerability) const {
  return db_.select(
      kStatements,
      [](const db::Row& row) {
        return StatementRow{row.int64(0), row.int64(1), row.string(2), row.string(3), row.string(4), row.int64(5)};
      },
      vulnerability, as_of_.micros());
}

}  // namespace hf::trace
