#include "trace/overview_store.h"

#include "fleet/types.h"
#include "trace/exposure.h"

namespace hf::trace {
namespace {

const db::Query kFeeds{"trace.feeds", R"sql(
    SELECT f.feed, f.version, f.records, f.finished_at, f.source FROM feed_import AS f
     WHERE f.finished_at = (SELECT MAX(g.finished_at) FROM feed_import AS g WHERE g.feed = f.feed AND g.finished_at <= $1)
     ORDER BY f.feed)sql"};
const db::Query kCountBuilds{"trace.count_builds", "SELECT COUNT(*) FROM build"};
const db::Query kCountBuildsThen{"trace.count_builds_then", R"sql(
    SELECT COUNT(*) FROM build AS b JOIN ledger_entry AS l ON l.entry_id = b.entry_id WHERE l.recorded_at <= $1)sql"};
const db::Query kCountBuildsWithSbom{"trace.count_builds_with_sbom", R"sql(
    SELECT COUNT(DISTINCT build_id) FROM sbom WHERE received_at <= $1 AND replaced_at > $1)sql"};
const db::Query kCountUnidentified{
    "trace.count_unidentified",
    "SELECT CAST(SUM(unidentified) AS BIGINT) FROM sbom WHERE received_at <= $1 AND replaced_at > $1"};
const db::Query kCountComponents{
    "trace.count_components",
    "SELECT CAST(SUM(components) AS BIGINT) FROM sbom WHERE received_at <= $1 AND replaced_at > $1"};
const db::Query kCountDevices{"trace.count_devices",
                              "SELECT CAST(SUM(devices) AS BIGINT) FROM census WHERE state = 'active'"};
// The keys of the census never go away, so the past is one look-up a key.
#define HF_DEVICES_THEN                                                                                               \
  "SELECT CAST(SUM((SELECT p.devices FROM census_history AS p WHERE p.configuration_id = n.configuration_id AND "     \
  "p.market = n.market"                                                                                               \
  "   AND p.batch_id = n.batch_id AND p.state = n.state AND p.since <= $1 ORDER BY p.since DESC LIMIT 1)) AS BIGINT)" \
  " FROM census AS n WHERE n.state = 'active'"
const db::Query kCountDevicesThen{"trace.count_devices_then", HF_DEVICES_THEN};
const db::Query kDevicesUnassessedThen{"trace.count_devices_unassessed_then", HF_DEVICES_THEN R"sql(
       AND EXISTS (
       SELECT 1 FROM configuration_build AS cb
        WHERE cb.configuration_id = n.configuration_id
          AND NOT EXISTS (SELECT 1 FROM sbom AS s WHERE s.build_id = cb.build_id AND s.received_at <= $1 AND s.replaced_at > $1)))sql"};
// Configurations first: they are hundreds, and the census has a row for each of their markets and batches.
const db::Query kDevicesUnassessed{"trace.count_devices_unassessed", R"sql(
    SELECT CAST(SUM(n.devices) AS BIGINT)
      FROM (SELECT DISTINCT cb.configuration_id FROM configuration_build AS cb
             WHERE NOT EXISTS (SELECT 1 FROM sbom AS s WHERE s.build_id = cb.build_id AND s.received_at <= $1 AND s.replaced_at > $1)) AS unassessed
      JOIN census AS n ON n.configuration_id = unassessed.configuration_id
     WHERE n.state = 'active')sql"};
const db::Query kSearchPaths{"trace.search_paths", R"sql(
    SELECT * FROM (SELECT 'product' AS kind, path, name AS title FROM product WHERE path >= $1 AND path < $2 ORDER BY path LIMIT $3) AS a
    UNION ALL
    SELECT * FROM (SELECT 'build' AS kind, path, version AS title FROM build WHERE path >= $1 AND path < $2 ORDER BY path LIMIT $3) AS b
    UNION ALL
    SELECT * FROM (SELECT 'release' AS kind, path, kind AS title FROM release WHERE path >= $1 AND path < $2 ORDER BY path LIMIT $3) AS c
    UNION ALL
    SELECT * FROM (SELECT 'batch' AS kind, path, factory AS title FROM batch WHERE path >= $1 AND path < $2 ORDER BY path LIMIT $3) AS d
    UNION ALL
    SELECT * FROM (SELECT 'signing_key' AS kind, name AS path, class AS title FROM signing_key WHERE name >= $1 AND name < $2 ORDER BY name LIMIT $3) AS e)sql"};
const db::Query kSearchVulnerabilities{"trace.search_vulnerabilities", R"sql(
    SELECT DISTINCT vulnerability FROM vulnerability_alias WHERE alias >= $1 AND alias < $2 ORDER BY vulnerability LIMIT $3)sql"};
const db::Query kSearchComponents{"trace.search_components", R"sql(
    SELECT name, version, coordinate_id FROM coordinate WHERE name >= $1 AND name < $2 ORDER BY name, version, coordinate_id LIMIT $3)sql"};
const db::Query kBuildOfCoordinate{"trace.build_of_coordinate", R"sql(
    SELECT b.path FROM build_coordinate AS bc JOIN build AS b ON b.build_id = bc.build_id
     WHERE bc.coordinate_id = $1 AND bc.until > $2 ORDER BY bc.build_id DESC LIMIT 1)sql"};

// The first text that does not begin with `prefix`, for a range over an index. Ends of one byte suffice: 0xff never
// begins a UTF-8 character, but is no text either, so the greatest code point stands for it.
std::string above(std::string_view prefix) { return std::string(prefix) + "\xF4\x8F\xBF\xBF"; }

}  // namespace

Result<JsonArray> OverviewStore::feeds() const {
  JsonArray feeds;
  HF_CHECK(db_.each(
      kFeeds,
      [&](const db::Row& row) {
        feeds.push_back(JsonObject{{"feed", row.text(0)},
                                   {"version", row.text(1)},
                                   {"records", row.int64(2)},
                                   {"last_import", format_rfc3339(row.time(3))},
                                   {"source", row.text(4)}});
        return true;
      },
      as_of_.micros()));
  return feeds;
}

Result<JsonObject> OverviewStore::coverage() const {
  const auto at = as_of_.micros();
  HF_TRY(const auto builds, as_of_.at ? db_.number(kCountBuildsThen, at) : db_.number(kCountBuilds));
  HF_TRY(const auto with_sbom, db_.number(kCountBuildsWithSbom, at));
  HF_TRY(const auto components, db_.number(kCountComponents, at));
  HF_TRY(const auto unidentified, db_.number(kCountUnidentified, at));
  HF_TRY(const auto devices, as_of_.at ? db_.number(kCountDevicesThen, at) : db_.number(kCountDevices));
  HF_TRY(const auto unassessed, db_.number(as_of_.at ? kDevicesUnassessedThen : kDevicesUnassessed, at));
  return JsonObject{{"builds", builds},         {"builds_without_sbom", builds - with_sbom},
                    {"components", components}, {"unassessed_components", unidentified},
                    {"devices", devices},       {"devices_with_unassessed_builds", unassessed}};
}

Result<std::vector<JsonObject>> OverviewStore::search(std::string_view text, std::int64_t limit) const {
  std::vector<JsonObject> found;
  if (!is_askable(text)) return found;
  const auto end = above(text);
  HF_CHECK(db_.each(
      kSearchPaths,
      [&](const db::Row& row) {
        found.push_back(
            {{"kind", row.text(0)}, {"id", row.text(1)}, {"title", row.text(1)}, {"subtitle", row.text(2)}});
        return true;
      },
      text, end, limit));
  HF_CHECK(db_.each(
      kSearchVulnerabilities,
      [&](const db::Row& row) {
        found.push_back({{"kind", "vulnerability"}, {"id", row.text(0)}, {"title", row.text(0)}, {"subtitle", ""}});
        return true;
      },
      text, end, limit));
  std::vector<std::pair<JsonObject, std::int64_t>> components;
  HF_CHECK(db_.each(
      kSearchComponents,
      [&](const db::Row& row) {
        components.emplace_back(
            JsonObject{{"kind", "component"}, {"title", std::string(row.text(0)) + " " + std::string(row.text(1))}},
            row.int64(2));
        return true;
      },
      text, end, limit));
  for (auto& [component, id] : components) {
    HF_TRY(const auto build,
           db_.find(
               kBuildOfCoordinate, [](const db::Row& row) { return row.string(0); }, id, as_of_.micros()));
    if (!build) continue;
    component["id"] = *build;
    component["subtitle"] = "in " + *build;
    found.push_back(std::move(component));
  }
  return found;
}

}  // namespace hf::trace
