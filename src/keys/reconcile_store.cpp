#include "keys/reconcile_store.h"

namespace hf::keys {
namespace {

const db::Query kUses{"keys.uses_of_versions", R"sql(
    SELECT k.name, v.fingerprint, v.spki, v.version,
           (SELECT COUNT(*) FROM signature AS s WHERE s.key_version_id = v.key_version_id),
           (SELECT COALESCE(MAX(s.journal_line), 0) FROM signature AS s WHERE s.key_version_id = v.key_version_id)
      FROM signing_key AS k JOIN key_version AS v ON v.key_id = k.key_id ORDER BY k.name, v.version)sql"};
// The first half of r || s. The same signature twice is a deterministic nonce (RFC 6979) over the same digest.
const db::Query kRepeats{"keys.repeated_r", R"sql(
    SELECT k.name, v.fingerprint, SUBSTR(s.signature, 1, LENGTH(s.signature) / 2), COUNT(*)
      FROM signature AS s
      JOIN key_version AS v ON v.key_version_id = s.key_version_id
      JOIN signing_key AS k ON k.key_id = v.key_id
     WHERE s.scheme IN ('ecdsa-p256-sha256', 'ecdsa-p384-sha384')
     GROUP BY k.name, v.fingerprint, SUBSTR(s.signature, 1, LENGTH(s.signature) / 2)
    HAVING COUNT(DISTINCT s.signature) > 1 ORDER BY k.name, v.fingerprint)sql"};
const db::Query kFile{"keys.knows_file", R"sql(
    SELECT (SELECT COUNT(*) FROM signed_artifact WHERE sha256 = $1) + (SELECT COUNT(*) FROM signature WHERE artifact_sha256 = $1))sql"};

}  // namespace

Result<std::vector<ReconcileStore::VersionUses>> ReconcileStore::uses() const {
  return db_.select(kUses, [](const db::Row& row) {
    return VersionUses{row.string(0), row.string(1), row.string(2), row.int64(3), row.int64(4), row.int64(5)};
  });
}

Result<std::vector<ReconcileStore::Repeat>> ReconcileStore::repeated_r() const {
  return db_.select(kRepeats, [](const db::Row& row) {
    return Repeat{row.string(0), row.string(1), row.string(2), row.int64(3)};
  });
}

Result<bool> ReconcileStore::knows_file(std::string_view sha256) const {
  HF_TRY(const auto count, db_.number(kFile, sha256));
  return count > 0;
}

}  // namespace hf::keys
