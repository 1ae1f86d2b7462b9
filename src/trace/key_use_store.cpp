#include "trace/key_use_store.h"

namespace hf::trace {
namespace {

const db::Query kKey{"trace.signing_key", R"sql(
    SELECT k.key_id, k.class, k.environment, c.owner, c.deputy, c.digest
      FROM signing_key AS k JOIN key_charter AS c ON c.key_id = k.key_id
     WHERE k.name = $1 AND c.since <= $2 ORDER BY c.sequence DESC LIMIT 1)sql"};
const db::Query kVersions{"trace.key_versions", R"sql(
    SELECT v.version, v.algorithm, v.fingerprint,
           (SELECT COUNT(*) FROM signature AS s WHERE s.key_version_id = v.key_version_id AND s.signed_at <= $2)
      FROM key_version AS v WHERE v.key_id = $1 AND v.created_at <= $2 ORDER BY v.version)sql"};
const db::Query kSignatures{"trace.key_signatures", R"sql(
    SELECT s.signed_at, v.version, s.product, s.format, s.artifact_name, s.artifact_sha256, s.requester, r.digest, s.entry_id
      FROM key_version AS v
      JOIN signature AS s ON s.key_version_id = v.key_version_id
      JOIN signing_request AS r ON r.request_id = s.request_id
     WHERE v.key_id = $1 AND s.signed_at <= $2 ORDER BY s.signature_id DESC LIMIT $3)sql"};
// A build names the file that was signed or, where the signature stands apart, the one that it is of.
#define HF_SIGNED_BY(which)                                                                                           \
  "WITH made AS (SELECT s.signature_id, s.artifact_sha256 FROM key_version AS v JOIN signature AS s"                  \
  " ON s.key_version_id = v.key_version_id WHERE v.key_id = $1 AND s.signed_at <= $2" which                           \
  "), signed_build AS (SELECT a.build_id FROM made AS m JOIN signed_artifact AS f ON f.signature_id = m.signature_id" \
  " JOIN build_artifact AS a ON a.sha256 = f.sha256"                                                                  \
  " UNION SELECT a.build_id FROM made AS m JOIN build_artifact AS a ON a.sha256 = m.artifact_sha256) "
#define HF_SIGNED HF_SIGNED_BY("")
const db::Query kBuilds{"trace.builds_of_key", HF_SIGNED R"sql(
    SELECT path FROM build WHERE build_id IN (SELECT build_id FROM signed_build) ORDER BY path)sql"};
const db::Query kBuildsOfVersion{"trace.builds_of_key_version", HF_SIGNED_BY(" AND v.version = $3") R"sql(
    SELECT path FROM build WHERE build_id IN (SELECT build_id FROM signed_build) ORDER BY path)sql"};
const db::Query kUnits{"trace.units_of_key", HF_SIGNED R"sql(
    SELECT n.market, CAST(SUM(n.devices) AS BIGINT)
      FROM (SELECT DISTINCT configuration_id FROM configuration_build WHERE build_id IN (SELECT build_id FROM signed_build)) AS c
      JOIN census AS n ON n.configuration_id = c.configuration_id
     WHERE n.state = 'active' AND n.devices > 0 GROUP BY n.market ORDER BY n.market)sql"};
const db::Query kUnitsThen{"trace.units_of_key_then", HF_SIGNED R"sql(
    SELECT n.market, CAST(SUM((SELECT p.devices FROM census_history AS p
                                WHERE p.configuration_id = n.configuration_id AND p.market = n.market AND p.batch_id = n.batch_id
                                  AND p.state = n.state AND p.since <= $2
                                ORDER BY p.since DESC LIMIT 1)) AS BIGINT)
      FROM (SELECT DISTINCT configuration_id FROM configuration_build WHERE build_id IN (SELECT build_id FROM signed_build)) AS c
      JOIN census AS n ON n.configuration_id = c.configuration_id
     WHERE n.state = 'active' GROUP BY n.market ORDER BY n.market)sql"};
const db::Query kSince{"trace.signatures_since", R"sql(
    SELECT COUNT(*) FROM key_version AS v JOIN signature AS s ON s.key_version_id = v.key_version_id
     WHERE v.key_id = $1 AND s.signed_at >= $2 AND s.signed_at <= $3)sql"};
#define HF_ANCHORS                                                                                               \
  "SELECT h.path, v.version, a.fused, a.slots,"                                                                  \
  " (SELECT COUNT(*) FROM key_anchor AS o WHERE o.hardware_revision_id = a.hardware_revision_id AND o.fused = 1" \
  " AND o.since <= $2), n.market, COALESCE(f.platform, h.platform, ''), "
#define HF_ANCHORED                                                                                          \
  " FROM key_version AS v JOIN key_anchor AS a ON a.key_version_id = v.key_version_id"                       \
  " JOIN hardware_revision AS h ON h.hardware_revision_id = a.hardware_revision_id"                          \
  " LEFT JOIN anchor_platform AS f ON f.anchor_id = a.anchor_id"                                             \
  " LEFT JOIN batch AS b ON b.hardware_revision_id = a.hardware_revision_id"                                 \
  " LEFT JOIN census AS n ON n.batch_id = b.batch_id AND n.state = 'active'"                                 \
  " WHERE v.key_id = $1 AND a.since <= $2"                                                                   \
  " GROUP BY h.path, v.version, a.fused, a.slots, a.hardware_revision_id, n.market, f.platform, h.platform " \
  "ORDER BY h.path, v.version, n.market"
const db::Query kAnchors{"trace.key_anchors", HF_ANCHORS "CAST(SUM(n.devices) AS BIGINT)" HF_ANCHORED};
const db::Query kAnchorsThen{"trace.key_anchors_then", HF_ANCHORS R"sql(
    CAST(SUM((SELECT p.devices FROM census_history AS p
               WHERE p.configuration_id = n.configuration_id AND p.market = n.market AND p.batch_id = n.batch_id
                 AND p.state = n.state AND p.since <= $2 ORDER BY p.since DESC LIMIT 1)) AS BIGINT))sql" HF_ANCHORED};

}  // namespace

Result<std::optional<KeyUseStore::Key>> KeyUseStore::key(std::string_view name) const {
  return db_.find(
      kKey,
      [](const db::Row& row) {
        return Key{row.int64(0), row.string(1), row.string(2), row.string(3), row.string(4), row.string(5)};
      },
      name, as_of_.micros());
}

Result<JsonArray> KeyUseStore::versions(std::int64_t key_id) const {
  JsonArray list;
  HF_CHECK(db_.each(
      kVersions,
      [&](const db::Row& row) {
        list.push_back(JsonObject{{"version", row.int64(0)},
                                  {"algorithm", row.text(1)},
                                  {"fingerprint", row.text(2)},
                                  {"signatures", row.int64(3)}});
        return true;
      },
      key_id, as_of_.micros()));
  return list;
}

Result<JsonArray> KeyUseStore::signatures(std::int64_t key_id, std::int64_t limit) const {
  JsonArray list;
  HF_CHECK(db_.each(
      kSignatures,
      [&](const db::Row& row) {
        list.push_back(JsonObject{{"signed_at", format_rfc3339(row.time(0))},
                                  {"version", row.int64(1)},
                                  {"product", row.text(2)},
                                  {"format", row.text(3)},
                                  {"artifact", row.text(4)},
                                  {"artifact_sha256", row.text(5)},
                                  {"requester", row.text(6)},
                                  {"request", row.text(7)},
                                  {"entry", row.int64(8)}});
        return true;
      },
      key_id, as_of_.micros(), limit));
  return list;
}

Result<JsonArray> KeyUseStore::builds(std::int64_t key_id) const {
  JsonArray list;
  HF_CHECK(db_.each(
      kBuilds, [&](const db::Row& row) { return list.emplace_back(row.text(0)), true; }, key_id, as_of_.micros()));
  return list;
}

Result<JsonArray> KeyUseStore::builds(std::int64_t key_id, std::int64_t version) const {
  JsonArray list;
  HF_CHECK(db_.each(
      kBuildsOfVersion, [&](const db::Row& row) { return list.emplace_back(row.text(0)), true; }, key_id,
      as_of_.micros(), version));
  return list;
}

Result<std::vector<std::pair<std::string, std::int64_t>>> KeyUseStore::units(std::int64_t key_id) const {
  return db_.select(
      as_of_.at ? kUnitsThen : kUnits,
      [](const db::Row& row) {
        return std::pair{row.string(0), row.int64_or_none(1).value_or(0)};
      },
      key_id, as_of_.micros());
}

Result<std::int64_t> KeyUseStore::signatures_since(std::int64_t key_id, Time since) const {
  return db_.number(kSince, key_id, since, as_of_.micros());
}

Result<std::vector<KeyUseStore::Anchor>> KeyUseStore::anchors(std::int64_t key_id) const {
  std::vector<Anchor> list;
  HF_CHECK(db_.each(
      as_of_.at ? kAnchorsThen : kAnchors,
      [&](const db::Row& row) {
        if (list.empty() || list.back().hardware_revision != row.text(0) || list.back().version != row.int64(1))
          list.push_back({.hardware_revision = row.string(0),
                          .version = row.int64(1),
                          .said_slots = row.int64(3),
                          .slots_used = row.int64(4),
                          .fused = row.int64(2) == 1,
                          .platform = row.string(6),
                          .devices = {}});
        if (const auto devices = row.int64_or_none(7).value_or(0); devices > 0)
          list.back().devices.emplace_back(row.string(5), devices);
        return true;
      },
      key_id, as_of_.micros()));
  return list;
}

}  // namespace hf::trace
