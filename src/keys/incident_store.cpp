#include "keys/incident.h"

namespace hf::keys {
namespace {

// A charter that came into force after an incident ended it.
const db::Query kOpen{"keys.open_incident", R"sql(
    SELECT i.effective_at, i.recorded_at, i.reason, i.reporter, i.entry_id
      FROM key_incident AS i
     WHERE i.key_id = $1 AND i.recorded_at <= $2
       AND i.recorded_at >= (SELECT COALESCE(MAX(c.since), 0) FROM key_charter AS c WHERE c.key_id = $1 AND c.since <= $2)
     ORDER BY i.incident_id DESC LIMIT 1)sql"};
const db::Query kInsertIncident{"keys.insert_incident", R"sql(
    INSERT INTO key_incident (incident_id, entry_id, key_id, effective_at, recorded_at, reason, reporter)
    VALUES ($1, $2, $3, $4, $5, $6, $7))sql"};
const db::Query kInsertAnchor{"keys.insert_anchor", R"sql(
    INSERT INTO key_anchor (anchor_id, entry_id, key_version_id, hardware_revision_id, fused, slots, since)
    VALUES ($1, $2, $3, $4, $5, $6, $7))sql"};
const db::Query kInsertPlatform{"keys.insert_anchor_platform",
                                "INSERT INTO anchor_platform (anchor_id, entry_id, platform) VALUES ($1, $2, $3)"};

const db::Query kRevision{"keys.hardware_revision",
                          "SELECT hardware_revision_id FROM hardware_revision WHERE path = $1"};
const db::Query kAnchored{"keys.anchored",
                          "SELECT COUNT(*) FROM key_anchor WHERE key_version_id = $1 AND hardware_revision_id = $2"};

const ledger::ProvenTable kIncidentTable{"key_incident", "incident_id",
                                         "incident_id, key_id, effective_at, recorded_at, reason, reporter"};
const ledger::ProvenTable kAnchorTable{"key_anchor", "anchor_id",
                                       "anchor_id, key_version_id, hardware_revision_id, fused, slots, since"};
const ledger::ProvenTable kPlatformTable{"anchor_platform", "anchor_id", "anchor_id, platform"};

}  // namespace

Result<std::optional<StoredIncident>> IncidentStore::open(std::int64_t key_id) const {
  return db_.find(
      kOpen,
      [](const db::Row& row) {
        return StoredIncident{row.time(0), row.time(1), row.string(2), row.string(3), row.int64(4)};
      },
      key_id, until_);
}

Result<void> insert_incident(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_id,
                             const StoredIncident& incident) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertIncident, id, entry, key_id, incident.effective_at, incident.recorded_at, incident.reason,
                      incident.reporter));
  return transaction.prove(entry, kIncidentTable, id);
}

Result<void> insert_anchor(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_version_id,
                           const NewAnchor& anchor) {
  const auto& db = transaction.db();
  HF_TRY(const auto revision,
         db.find(
             kRevision, [](const db::Row& row) { return row.int64(0); }, anchor.hardware_revision));
  if (!revision)
    return fail(ErrorKind::not_found, "HF-KEYS-0027",
                "there is no hardware revision '" + anchor.hardware_revision + "'");
  HF_TRY(const auto there, db.number(kAnchored, key_version_id, *revision));
  if (there > 0)
    return fail(ErrorKind::conflict, "HF-KEYS-0026",
                "version " + std::to_string(anchor.version) + " of " + anchor.key + " is known to be on " +
                    anchor.hardware_revision + " already");
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertAnchor, id, entry, key_version_id, *revision, std::int64_t(anchor.fused ? 1 : 0),
                      anchor.slots, transaction.now()));
  HF_CHECK(transaction.prove(entry, kAnchorTable, id));
  if (anchor.platform.empty()) return {};
  HF_CHECK(db.execute(kInsertPlatform, id, entry, anchor.platform));
  return transaction.prove(entry, kPlatformTable, id);
}

}  // namespace hf::keys
