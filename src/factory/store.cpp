#include "factory/store.h"

#include "factory/event_proof_store.h"
#include "fleet/types.h"

namespace hf::factory {
namespace {

const ledger::RegisterEventProof kIdentityProof{&make_event_proof};

const db::Query kAuthorisation{"factory.authorisation", R"sql(
    SELECT authorisation_id, body, key, envelope, registered_at, entry_id FROM factory_authorisation WHERE id = $1)sql"};
const db::Query kIdsFrom{"factory.ids_from",
                         "SELECT id FROM factory_authorisation WHERE id >= $1 AND id < $2 ORDER BY id LIMIT 2"};
const db::Query kAuthorisations{"factory.authorisations", R"sql(
    SELECT authorisation_id, body, key, envelope, registered_at, entry_id FROM factory_authorisation
     WHERE authorisation_id < $1 ORDER BY authorisation_id DESC LIMIT $2)sql"};
const db::Query kAuthorisationsOf{"factory.authorisations_of_product", R"sql(
    SELECT authorisation_id, body, key, envelope, registered_at, entry_id FROM factory_authorisation
     WHERE product = $1 AND authorisation_id < $2 ORDER BY authorisation_id DESC LIMIT $3)sql"};
const db::Query kLiveOf{"factory.live_of_product", R"sql(
    SELECT authorisation_id, body, key, envelope, registered_at, entry_id FROM factory_authorisation
     WHERE product = $1 AND not_after > $2 ORDER BY authorisation_id)sql"};
const db::Query kLastSequence{
    "factory.last_sequence",
    "SELECT sequence FROM factory_authorisation WHERE factory = $1 ORDER BY sequence DESC LIMIT 1"};
const db::Query kUnitsOfBatch{"factory.units_of_batch", R"sql(
    SELECT CAST(SUM(a.units - COALESCE((SELECT SUM(c.returned) FROM station_closing AS c WHERE c.authorisation = a.id), 0)) AS BIGINT)
      FROM factory_authorisation AS a WHERE a.batch = $1)sql"};
const db::Query kHolds{"factory.holds", R"sql(
    SELECT h.hold_id, h.body, h.entry_id, (SELECT COUNT(*) FROM factory_hold AS e WHERE e.ends = h.sequence)
      FROM factory_hold AS h ORDER BY h.sequence)sql"};
const db::Query kHoldsOf{"factory.holds_of_product", R"sql(
    SELECT h.hold_id, h.body, h.entry_id, (SELECT COUNT(*) FROM factory_hold AS e WHERE e.ends = h.sequence)
      FROM factory_hold AS h WHERE h.product = $1 ORDER BY h.sequence)sql"};
const db::Query kHold{"factory.hold", R"sql(
    SELECT h.hold_id, h.body, h.entry_id, (SELECT COUNT(*) FROM factory_hold AS e WHERE e.ends = h.sequence)
      FROM factory_hold AS h WHERE h.sequence = $1)sql"};
const db::Query kLastHold{"factory.last_hold_sequence",
                          "SELECT sequence FROM factory_hold ORDER BY sequence DESC LIMIT 1"};
const db::Query kHeldBy{"factory.held_by", R"sql(
    SELECT a.id FROM factory_held AS h JOIN factory_authorisation AS a ON a.authorisation_id = h.authorisation_id
     WHERE h.hold_id = $1 ORDER BY h.authorisation_id)sql"};
const db::Query kBundle{"factory.bundle", R"sql(
    SELECT bundle_id, station, factory, head, read_head, epoch, counter, lines, read_lines, entry_id, exported_at, imported_at
      FROM station_bundle WHERE station = $1 AND epoch = $2 ORDER BY read_lines DESC, bundle_id DESC LIMIT 1)sql"};
const db::Query kHasBundle{"factory.has_bundle", R"sql(
    SELECT COUNT(*) FROM station_bundle WHERE station = $1 AND epoch = $2 AND head = $3 AND read_head = $4)sql"};
const db::Query kLastEpoch{"factory.last_epoch",
                           "SELECT epoch FROM station_bundle WHERE station = $1 ORDER BY epoch DESC LIMIT 1"};
const db::Query kIdentityAt{"factory.identity_at", R"sql(
    SELECT identity_id, bundle_id, station, authorisation, product, serial, key_sha256, tbs_sha256, certificate_sha256, state, epoch, line,
           use_number, reserved_at
      FROM issued_identity WHERE station = $1 AND epoch = $2 AND line = $3 ORDER BY identity_id DESC LIMIT 1)sql"};
const db::Query kLastUse{"factory.last_use", R"sql(
    SELECT use_number FROM issued_identity WHERE authorisation = $1 AND station = $2 ORDER BY use_number DESC LIMIT 1)sql"};
const db::Query kUsed{"factory.used", R"sql(
    SELECT COUNT(*) FROM issued_identity WHERE authorisation = $1 AND station = $2 AND state <> 'voided')sql"};
const db::Query kWithSerial{"factory.with_serial", R"sql(
    SELECT identity_id, bundle_id, station, authorisation, product, serial, key_sha256, tbs_sha256, certificate_sha256, state, epoch, line,
           use_number, reserved_at
      FROM issued_identity WHERE serial = $1 AND product = $2 AND state <> 'voided' LIMIT 1)sql"};
const db::Query kWithKey{"factory.with_key", R"sql(
    SELECT identity_id, bundle_id, station, authorisation, product, serial, key_sha256, tbs_sha256, certificate_sha256, state, epoch, line,
           use_number, reserved_at
      FROM issued_identity WHERE key_sha256 = $1 AND state <> 'voided' LIMIT 1)sql"};
const db::Query kCounts{"factory.counts", R"sql(
    SELECT station, state, COUNT(*) FROM issued_identity WHERE authorisation = $1 GROUP BY station, state ORDER BY station, state)sql"};
const db::Query kIdentities{"factory.identities", R"sql(
    SELECT identity_id, bundle_id, station, authorisation, product, serial, key_sha256, tbs_sha256, certificate_sha256, state, epoch, line,
           use_number, reserved_at
      FROM issued_identity WHERE authorisation = $1 ORDER BY station, use_number)sql"};
const db::Query kClosings{"factory.closings", R"sql(
    SELECT authorisation, station, used, returned, closed_at FROM station_closing WHERE authorisation = $1 ORDER BY station)sql"};
const db::Query kAlarms{"factory.alarms", R"sql(
    SELECT kind, station, authorisation, serial, line, detail, raised_at, entry_id FROM factory_alarm
     WHERE authorisation = $1 ORDER BY alarm_id DESC LIMIT $2)sql"};
const db::Query kNewestAlarms{"factory.newest_alarms", R"sql(
    SELECT kind, station, authorisation, serial, line, detail, raised_at, entry_id FROM factory_alarm
     WHERE alarm_id < $1 ORDER BY alarm_id DESC LIMIT $2)sql"};
const db::Query kBatch{"factory.batch", R"sql(
    SELECT p.path, b.factory, r.path, b.authorised_quantity
      FROM batch AS b JOIN product AS p ON p.product_id = b.product_id LEFT JOIN release AS r ON r.release_id = b.release_id
     WHERE b.path = $1)sql"};
const db::Query kArtifacts{"factory.artifacts_of_release", R"sql(
    SELECT a.sha256 FROM release AS r
      JOIN release_build AS b ON b.release_id = r.release_id
      JOIN build_artifact AS a ON a.build_id = b.build_id
     WHERE r.path = $1 ORDER BY a.sha256)sql"};
const db::Query kProduct{"factory.product", "SELECT COUNT(*) FROM product WHERE path = $1"};
const db::Query kCredentials{"factory.credentials", R"sql(
    SELECT c.sha256 FROM product AS p
      JOIN device_credential AS c ON c.shard = $1 AND c.serial = $2 AND c.product_id = p.product_id
     WHERE p.path = $3 AND c.kind = $4)sql"};

const db::Query kInsertAuthorisation{"factory.insert_authorisation", R"sql(
    INSERT INTO factory_authorisation (authorisation_id, entry_id, id, factory, sequence, product, batch, release, units, not_after, key, body,
                                       envelope, registered_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14))sql"};
const db::Query kInsertHold{"factory.insert_hold", R"sql(
    INSERT INTO factory_hold (hold_id, entry_id, sequence, ends, product, batch, release, factory, reason, body, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))sql"};
const db::Query kInsertHeld{"factory.insert_held",
                            "INSERT INTO factory_held (hold_id, authorisation_id) VALUES ($1, $2)"};
const db::Query kInsertBundle{"factory.insert_bundle", R"sql(
    INSERT INTO station_bundle (bundle_id, entry_id, station, factory, epoch, counter, lines, head, read_lines, read_head, exported_at,
                                imported_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))sql"};
const db::Query kInsertIdentity{"factory.insert_identity", R"sql(
    INSERT INTO issued_identity (identity_id, bundle_id, station, epoch, line, authorisation, use_number, product, serial, key_sha256, tbs_sha256,
                                 certificate_sha256, state, reserved_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14))sql"};
const db::Query kChangeIdentity{"factory.change_identity", R"sql(
    UPDATE issued_identity SET state = $2, certificate_sha256 = COALESCE($3, certificate_sha256) WHERE identity_id = $1)sql"};
const db::Query kInsertClosing{"factory.insert_closing", R"sql(
    INSERT INTO station_closing (closing_id, entry_id, authorisation, station, used, returned, closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (authorisation, station) DO NOTHING)sql"};
const db::Query kInsertAlarm{"factory.insert_alarm", R"sql(
    INSERT INTO factory_alarm (alarm_id, entry_id, kind, station, authorisation, serial, line, detail, raised_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};
const db::Query kInsertReconciliation{"factory.insert_reconciliation", R"sql(
    INSERT INTO factory_reconciliation (reconciliation_id, entry_id, authorisation, report_sha256, issued, shipped, not_shipped, not_issued,
                                        reconciled_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};

const ledger::ProvenTable kAuthorisationTable{
    "factory_authorisation", "authorisation_id",
    "authorisation_id, id, factory, sequence, product, batch, release, units, not_after, key, body, envelope, "
    "registered_at"};
const ledger::ProvenTable kHoldTable{
    "factory_hold", "hold_id", "hold_id, sequence, ends, product, batch, release, factory, reason, body, created_at"};
const ledger::ProvenTable kBundleTable{
    "station_bundle", "bundle_id",
    "bundle_id, station, factory, epoch, counter, lines, head, read_lines, read_head, exported_at, imported_at"};
const ledger::ProvenTable kClosingTable{"station_closing", "closing_id",
                                        "closing_id, authorisation, station, used, returned, closed_at"};
const ledger::ProvenTable kAlarmTable{"factory_alarm", "alarm_id",
                                      "alarm_id, kind, station, authorisation, serial, line, detail, raised_at"};
const ledger::ProvenTable kReconciliationTable{"factory_reconciliation", "reconciliation_id",
                                               "reconciliation_id, authorisation, report_sha256, issued, shipped, "
                                               "not_shipped, not_issued, reconciled_at"};

constexpr auto kNewest = std::numeric_limits<std::int64_t>::max();

struct Bodied {
  StoredAuthorisation stored;
  std::string body;
};
Bodied bodied(const db::Row& row) {
  Bodied read{{}, row.string(1)};
  auto& stored = read.stored;
  stored.row = row.int64(0), stored.key = row.string(2), stored.envelope = row.string(3);
  stored.registered_at = row.time(4), stored.entry = row.int64(5);
  return read;
}
Result<StoredAuthorisation> with_body(Bodied read) {
  HF_TRY(auto order, keys::factory_order_of(bytes_of(read.body)));
  read.stored.authorisation = std::get<FactoryAuthorisation>(std::move(order));
  return std::move(read.stored);
}
Result<std::vector<StoredAuthorisation>> with_bodies(Result<std::vector<Bodied>> read) {
  if (!read) return fail(read.error());
  std::vector<StoredAuthorisation> list;
  for (auto& one : *read) {
    HF_TRY(auto stored, with_body(std::move(one)));
    list.push_back(std::move(stored));
  }
  return list;
}

struct HoldRow {
  std::int64_t row, entry;
  std::string body;
  bool ended;
};
HoldRow hold_row(const db::Row& row) { return {row.int64(0), row.int64(2), row.string(1), row.int64(3) > 0}; }
Result<StoredHold> hold_of(const HoldRow& row) {
  HF_TRY(auto order, keys::factory_order_of(bytes_of(row.body)));
  StoredHold stored{row.row, std::get<FactoryHold>(std::move(order)), false, row.entry};
  stored.lives = !row.ended && !stored.hold.ends;
  return stored;
}

StoredIdentity identity_of(const db::Row& row) {
  return {.row = row.int64(0),
          .bundle = row.int64(1),
          .station = row.string(2),
          .authorisation = row.string(3),
          .product = row.string(4),
          .serial = row.string(5),
          .key_sha256 = row.string(6),
          .tbs_sha256 = row.string(7),
          .certificate_sha256 = row.string_or_none(8).value_or(std::string()),
          .state = row.string(9),
          .epoch = row.int64(10),
          .line = row.int64(11),
          .use = row.int64(12),
          .reserved_at = row.time(13)};
}

StoredAlarm alarm_of(const db::Row& row) {
  return {{row.string(0), row.string(1), row.string(2), row.string(3), row.int64(4), row.string(5)},
          row.time(6),
          row.int64(7)};
}

std::string first_of(const db::Row& row) { return row.string(0); }

}  // namespace

Result<std::optional<StoredAuthorisation>> Store::authorisation(std::string_view id) const {
  HF_TRY(auto read, db_.find(kAuthorisation, bodied, id));
  if (!read) return std::optional<StoredAuthorisation>();
  HF_TRY(auto stored, with_body(*std::move(read)));
  return std::optional(std::move(stored));
}

Result<std::vector<std::string>> Store::ids_from(std::string_view beginning) const {
  return db_.select(kIdsFrom, first_of, beginning, std::string(beginning) + "g");
}

Result<std::vector<StoredAuthorisation>> Store::authorisations(std::string_view product, std::int64_t before,
                                                               std::int64_t limit) const {
  return with_bodies(product.empty() ? db_.select(kAuthorisations, bodied, before, limit)
                                     : db_.select(kAuthorisationsOf, bodied, product, before, limit));
}

Result<std::vector<StoredAuthorisation>> Store::live_of(std::string_view product, Time now) const {
  return with_bodies(db_.select(kLiveOf, bodied, product, now));
}

Result<std::int64_t> Store::last_sequence(std::string_view factory) const { return db_.number(kLastSequence, factory); }

Result<std::int64_t> Store::units_of_batch(std::string_view batch) const { return db_.number(kUnitsOfBatch, batch); }

Result<std::vector<StoredHold>> Store::holds(std::string_view product) const {
  HF_TRY(const auto rows, product.empty() ? db_.select(kHolds, hold_row) : db_.select(kHoldsOf, hold_row, product));
  std::vector<StoredHold> list;
  for (const auto& row : rows) {
    HF_TRY(auto stored, hold_of(row));
    list.push_back(std::move(stored));
  }
  return list;
}

Result<std::optional<StoredHold>> Store::hold(std::int64_t sequence) const {
  HF_TRY(const auto row, db_.find(kHold, hold_row, sequence));
  if (!row) return std::optional<StoredHold>();
  HF_TRY(auto stored, hold_of(*row));
  return std::optional(std::move(stored));
}

Result<std::int64_t> Store::last_hold_sequence() const { return db_.number(kLastHold); }

Result<std::vector<std::string>> Store::held_by(std::int64_t hold_row_id) const {
  return db_.select(kHeldBy, first_of, hold_row_id);
}

Result<std::optional<StoredBundle>> Store::bundle(std::string_view station, std::int64_t epoch) const {
  return db_.find(
      kBundle,
      [](const db::Row& row) {
        return StoredBundle{.row = row.int64(0),
                            .station = row.string(1),
                            .factory = row.string(2),
                            .head = row.string(3),
                            .read_head = row.string(4),
                            .epoch = row.int64(5),
                            .counter = row.int64(6),
                            .lines = row.int64(7),
                            .read_lines = row.int64(8),
                            .entry = row.int64(9),
                            .exported_at = row.time(10),
                            .imported_at = row.time(11)};
      },
      station, epoch);
}

Result<bool> Store::has_bundle(const StoredBundle& one) const {
  HF_TRY(const auto count, db_.number(kHasBundle, one.station, one.epoch, one.head, one.read_head));
  return count > 0;
}

Result<std::optional<std::int64_t>> Store::last_epoch(std::string_view station) const {
  return db_.find(
      kLastEpoch, [](const db::Row& row) { return row.int64(0); }, station);
}

Result<std::optional<StoredIdentity>> Store::identity_at(std::string_view station, std::int64_t epoch,
                                                         std::int64_t line) const {
  return db_.find(kIdentityAt, identity_of, station, epoch, line);
}

Result<std::int64_t> Store::last_use(std::string_view authorisation, std::string_view station) const {
  return db_.number(kLastUse, authorisation, station);
}

Result<std::int64_t> Store::used(std::string_view authorisation, std::string_view station) const {
  return db_.number(kUsed, authorisation, station);
}

Result<std::optional<StoredIdentity>> Store::with_serial(std::string_view product, std::string_view serial) const {
  return db_.find(kWithSerial, identity_of, serial, product);
}

Result<std::optional<StoredIdentity>> Store::with_key(std::string_view sha256) const {
  return db_.find(kWithKey, identity_of, sha256);
}

Result<std::vector<StateCount>> Store::counts(std::string_view authorisation) const {
  return db_.select(
      kCounts,
      [](const db::Row& row) {
        return StateCount{row.string(0), row.string(1), row.int64(2)};
      },
      authorisation);
}

Result<void> Store::each_identity(std::string_view authorisation,
                                  const std::function<bool(const StoredIdentity&)>& visit) const {
  return db_.each(
      kIdentities, [&](const db::Row& row) { return visit(identity_of(row)); }, authorisation);
}

Result<std::vector<StoredClosing>> Store::closings(std::string_view authorisation) const {
  return db_.select(
      kClosings,
      [](const db::Row& row) {
        return StoredClosing{row.string(0), row.string(1), row.int64(2), row.int64(3), row.time(4)};
      },
      authorisation);
}

Result<std::vector<StoredAlarm>> Store::alarms(std::string_view authorisation, std::int64_t limit) const {
  return db_.select(kAlarms, alarm_of, authorisation, limit);
}

Result<std::vector<StoredAlarm>> Store::newest_alarms(std::int64_t limit) const {
  return db_.select(kNewestAlarms, alarm_of, kNewest, limit);
}

Result<std::optional<BatchOrder>> Store::batch(std::string_view path) const {
  return db_.find(
      kBatch,
      [](const db::Row& row) {
        return BatchOrder{row.string(0), row.string(1), row.string_or_none(2), row.int64(3)};
      },
      path);
}

Result<std::vector<std::string>> Store::artifacts_of_release(std::string_view path) const {
  return db_.select(kArtifacts, first_of, path);
}

Result<bool> Store::has_product(std::string_view path) const {
  HF_TRY(const auto count, db_.number(kProduct, path));
  return count > 0;
}

Result<std::vector<std::string>> Store::credentials(std::string_view product, std::string_view serial,
                                                    std::string_view kind) const {
  return db_.select(kCredentials, first_of, fleet::shard_of(serial), serial, product, kind);
}

Result<std::int64_t> insert_authorisation(ledger::Transaction& transaction, ledger::EntryId entry,
                                          const FactoryAuthorisation& made, std::string_view key,
                                          std::string_view envelope) {
  auto& writer = transaction.db();
  HF_TRY(const auto row, writer.next_id());
  HF_CHECK(writer.execute(kInsertAuthorisation, row, entry, made.id, made.factory, made.sequence, made.product,
                          made.batch, made.release, made.count, made.not_after, key,
                          keys::canonical(FactoryOrder(made)), envelope, transaction.now()));
  HF_CHECK(transaction.prove(entry, kAuthorisationTable, row));
  return row;
}

Result<std::int64_t> insert_hold(ledger::Transaction& transaction, ledger::EntryId entry, const FactoryHold& hold,
                                 const std::vector<StoredAuthorisation>& touched) {
  auto& writer = transaction.db();
  HF_TRY(const auto row, writer.next_id());
  HF_CHECK(writer.execute(kInsertHold, row, entry, hold.sequence, hold.ends, hold.product, hold.batch, hold.release,
                          hold.factory, hold.reason, keys::canonical(FactoryOrder(hold)), transaction.now()));
  for (const auto& one : touched) HF_CHECK(writer.execute(kInsertHeld, row, one.row));
  HF_CHECK(transaction.prove(entry, kHoldTable, row));
  return row;
}

Result<std::int64_t> insert_bundle(ledger::Transaction& transaction, ledger::EntryId entry, const StoredBundle& one) {
  auto& writer = transaction.db();
  HF_TRY(const auto row, writer.next_id());
  HF_CHECK(writer.execute(kInsertBundle, row, entry, one.station, one.factory, one.epoch, one.counter, one.lines,
                          one.head, one.read_lines, one.read_head, one.exported_at, transaction.now()));
  HF_CHECK(transaction.prove(entry, kBundleTable, row));
  return row;
}

Result<void> insert_identity(const db::Writer& writer, const StoredIdentity& one) {
  const auto certificate =
      one.certificate_sha256.empty() ? std::optional<std::string>() : std::optional(one.certificate_sha256);
  HF_CHECK(writer.execute(kInsertIdentity, one.row, one.bundle, one.station, one.epoch, one.line, one.authorisation,
                          one.use, one.product, one.serial, one.key_sha256, one.tbs_sha256, certificate, one.state,
                          one.reserved_at));
  return {};
}

Result<void> change_identity(const db::Writer& writer, std::int64_t row, std::string_view state,
                             const std::optional<std::string>& certificate_sha256) {
  HF_CHECK(writer.execute(kChangeIdentity, row, state, certificate_sha256));
  return {};
}

Result<void> insert_closing(ledger::Transaction& transaction, ledger::EntryId entry, const StoredClosing& closing) {
  auto& writer = transaction.db();
  HF_TRY(const auto row, writer.next_id());
  HF_TRY(const auto rows, writer.execute(kInsertClosing, row, entry, closing.authorisation, closing.station,
                                         closing.used, closing.returned, closing.closed_at));
  if (rows > 0) HF_CHECK(transaction.prove(entry, kClosingTable, row));
  return {};
}

Result<void> insert_alarm(ledger::Transaction& transaction, ledger::EntryId entry, const Alarm& alarm) {
  auto& writer = transaction.db();
  HF_TRY(const auto row, writer.next_id());
  HF_CHECK(writer.execute(kInsertAlarm, row, entry, alarm.kind, alarm.station, alarm.authorisation, alarm.serial,
                          alarm.line, alarm.detail, transaction.now()));
  return transaction.prove(entry, kAlarmTable, row);
}

Result<void> insert_reconciliation(ledger::Transaction& transaction, ledger::EntryId entry, const Reconciliation& one) {
  auto& writer = transaction.db();
  HF_TRY(const auto row, writer.next_id());
  HF_CHECK(writer.execute(kInsertReconciliation, row, entry, one.authorisation, one.report_sha256, one.issued,
                          one.shipped, one.not_shipped, one.not_issued, transaction.now()));
  return transaction.prove(entry, kReconciliationTable, row);
}

}  // namespace hf::factory
