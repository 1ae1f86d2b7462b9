#include "factory/view_store.h"

namespace hf::factory {
namespace {

const db::Query kBundles{"factory.bundles", R"sql(
    SELECT bundle_id, station, factory, head, read_head, epoch, counter, lines, read_lines, entry_id, exported_at, imported_at
      FROM station_bundle WHERE bundle_id < $1 ORDER BY bundle_id DESC LIMIT $2)sql"};
const db::Query kBundlesOf{"factory.bundles_of_station", R"sql(
    SELECT bundle_id, station, factory, head, read_head, epoch, counter, lines, read_lines, entry_id, exported_at, imported_at
      FROM station_bundle WHERE station = $1 ORDER BY epoch DESC, read_lines DESC, bundle_id DESC LIMIT $2)sql"};
const db::Query kIdentities{"factory.identities_page", R"sql(
    SELECT identity_id, bundle_id, station, authorisation, product, serial, key_sha256, tbs_sha256, certificate_sha256, state, epoch, line,
           use_number, reserved_at
      FROM issued_identity WHERE authorisation = $1 AND (station, use_number, identity_id) > ($2, $3, $4)
     ORDER BY station, use_number, identity_id LIMIT $5)sql"};
const db::Query kAlarms{"factory.alarms_page", R"sql(
    SELECT alarm_id, kind, station, authorisation, serial, line, detail, raised_at, entry_id FROM factory_alarm
     WHERE alarm_id < $1 ORDER BY alarm_id DESC LIMIT $2)sql"};
const db::Query kAlarmsOf{"factory.alarms_page_of", R"sql(
    SELECT alarm_id, kind, station, authorisation, serial, line, detail, raised_at, entry_id FROM factory_alarm
     WHERE authorisation = $1 AND alarm_id < $2 ORDER BY alarm_id DESC LIMIT $3)sql"};
const db::Query kCountAlarms{"factory.count_alarms", "SELECT COUNT(*) FROM factory_alarm WHERE authorisation = $1"};
const db::Query kReconciliations{"factory.reconciliations", R"sql(
    SELECT report_sha256, issued, shipped, not_shipped, not_issued, reconciled_at, entry_id FROM factory_reconciliation
     WHERE authorisation = $1 ORDER BY reconciliation_id DESC LIMIT $2)sql"};

StoredBundle bundle_of(const db::Row& row) {
  return {.row = row.int64(0),
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

ViewStore::NumberedAlarm alarm_of(const db::Row& row) {
  return {row.int64(0),
          {{row.string(1), row.string(2), row.string(3), row.string(4), row.int64(5), row.string(6)},
           row.time(7),
           row.int64(8)}};
}

}  // namespace

Result<std::vector<StoredBundle>> ViewStore::bundles(std::int64_t before, std::int64_t limit) const {
  return db_.select(kBundles, bundle_of, before, limit);
}
Result<std::vector<StoredBundle>> ViewStore::bundles_of(std::string_view station, std::int64_t limit) const {
  return db_.select(kBundlesOf, bundle_of, station, limit);
}

Result<std::vector<StoredIdentity>> ViewStore::identities(std::string_view authorisation, const Place& after,
                                                          std::int64_t limit) const {
  return db_.select(kIdentities, identity_of, authorisation, after.station, after.use, after.row, limit);
}

Result<std::vector<ViewStore::NumberedAlarm>> ViewStore::alarms(std::string_view authorisation, std::int64_t before,
                                                                std::int64_t limit) const {
  return authorisation.empty() ? db_.select(kAlarms, alarm_of, before, limit)
                               : db_.select(kAlarmsOf, alarm_of, authorisation, before, limit);
}

Result<std::int64_t> ViewStore::count_alarms(std::string_view authorisation) const {
  return db_.number(kCountAlarms, authorisation);
}

Result<std::vector<ViewStore::StoredReconciliation>> ViewStore::reconciliations(std::string_view authorisation,
                                                                                std::int64_t limit) const {
  return db_.select(
      kReconciliations,
      [&](const db::Row& row) {
        return StoredReconciliation{
            {std::string(authorisation), row.string(0), row.int64(1), row.int64(2), row.int64(3), row.int64(4)},
            row.time(5),
            row.int64(6)};
      },
      authorisation, limit);
}

}  // namespace hf::factory
