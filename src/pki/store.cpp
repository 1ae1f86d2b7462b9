#include "pki/store.h"

namespace hf::pki {
namespace {

// A hold is ended by a later row that names its sequence (src/factory).
const db::Query kHold{"pki.production_hold", R"sql(
    SELECT h.reason FROM factory_hold AS h
     WHERE h.product = $1 AND h.ends IS NULL AND h.batch IS NULL AND h.factory IS NULL
       AND NOT EXISTS (SELECT 1 FROM factory_hold AS e WHERE e.ends = h.sequence)
     ORDER BY h.sequence DESC LIMIT 1)sql"};
const db::Query kAuthority{"pki.authority", R"sql(
    SELECT a.ca_id, a.name, a.certificate, a.sha256, a.subject, a.key_name, a.profiles, a.publication, a.crl_shards, a.created_at,
           a.entry_id, s.state, s.reason, s.since
      FROM certificate_authority AS a
      JOIN certificate_authority_state AS s ON s.ca_id = a.ca_id
     WHERE a.name = $1 ORDER BY s.since DESC LIMIT 1)sql"};
const db::Query kAuthorities{"pki.authorities", R"sql(
    SELECT a.ca_id, a.name, a.certificate, a.sha256, a.subject, a.key_name, a.profiles, a.publication, a.crl_shards, a.created_at,
           a.entry_id, s.state, s.reason, s.since
      FROM certificate_authority AS a
      JOIN certificate_authority_state AS s ON s.ca_id = a.ca_id
     WHERE s.since = (SELECT MAX(n.since) FROM certificate_authority_state AS n WHERE n.ca_id = a.ca_id)
     ORDER BY a.name)sql"};
const db::Query kAuthorityIs{"pki.authority_is",
                             "SELECT COUNT(*) FROM certificate_authority WHERE name = $1 OR sha256 = $2"};
const db::Query kSerial{"pki.serial", R"sql(
    SELECT serial, shard, subject_sha256, spki_sha256, not_after FROM certificate_serial WHERE ca_id = $1 AND serial = $2)sql"};
// Two ranges of the index, not an inequality, of which neither engine would make one.
const db::Query kOtherSubject{"pki.other_subject_of_key", R"sql(
    SELECT (SELECT COUNT(*) FROM (SELECT 1 AS one FROM certificate_serial WHERE spki_sha256 = $1 AND subject_sha256 < $2 LIMIT 1) AS below) +
           (SELECT COUNT(*) FROM (SELECT 1 AS one FROM certificate_serial WHERE spki_sha256 = $1 AND subject_sha256 > $2 LIMIT 1) AS above))sql"};
const db::Query kCertificate{"pki.certificate", R"sql(
    SELECT certificate_id, ca_id, serial, subject, spki_sha256, profile, product, not_before, not_after, der, sha256, signature_id, issued_at,
           entry_id
      FROM certificate WHERE ca_id = $1 AND serial = $2)sql"};
const db::Query kCertificateWith{"pki.certificate_with_digest", R"sql(
    SELECT certificate_id, ca_id, serial, subject, spki_sha256, profile, product, not_before, not_after, der, sha256, signature_id, issued_at,
           entry_id
      FROM certificate WHERE sha256 = $1)sql"};
const db::Query kCertificates{"pki.certificates", R"sql(
    SELECT certificate_id, ca_id, serial, subject, spki_sha256, profile, product, not_before, not_after, der, sha256, signature_id, issued_at,
           entry_id
      FROM certificate WHERE ca_id = $1 AND certificate_id < $2 ORDER BY certificate_id DESC LIMIT $3)sql"};
// A count and not EXISTS, of which PostgreSQL would make a walk through all revocations.
const db::Query kExpiring{"pki.expiring", R"sql(
    SELECT c.product, c.profile, COUNT(*), MIN(c.not_after), MAX(c.not_after)
      FROM certificate AS c
     WHERE c.ca_id = $1 AND c.not_after >= $2 AND c.not_after < $3
       AND (SELECT COUNT(*) FROM revocation AS r WHERE r.ca_id = c.ca_id AND r.serial = c.serial) = 0
     GROUP BY c.product, c.profile ORDER BY c.product, c.profile)sql"};
const db::Query kRevocation{"pki.revocation", R"sql(
    SELECT serial, shard, reason, effective_at, not_after, recorded_at FROM revocation
     WHERE ca_id = $1 AND serial = $2 ORDER BY recorded_at DESC LIMIT 1)sql"};
const db::Query kRevocations{"pki.revocations_of_shard", R"sql(
    SELECT serial, shard, reason, effective_at, not_after, recorded_at FROM revocation
     WHERE ca_id = $1 AND shard = $2 ORDER BY serial, recorded_at)sql"};
const db::Query kNewestNumber{"pki.newest_crl_number", "SELECT MAX(number) FROM crl_number WHERE ca_id = $1"};
const db::Query kNewestCrl{"pki.newest_crl", R"sql(
    SELECT number, shard, this_update, next_update, revoked, signature_id FROM crl
     WHERE ca_id = $1 AND shard = $2 ORDER BY number DESC LIMIT 1)sql"};

const db::Query kInsertAuthority{"pki.insert_authority", R"sql(
    INSERT INTO certificate_authority (ca_id, entry_id, name, certificate, sha256, subject, key_name, profiles, publication, crl_shards, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))sql"};
const db::Query kInsertState{"pki.insert_state", R"sql(
    INSERT INTO certificate_authority_state (state_id, entry_id, ca_id, state, reason, since) VALUES ($1, $2, $3, $4, $5, $6))sql"};
const db::Query kInsertSerial{"pki.insert_serial", R"sql(
    INSERT INTO certificate_serial (serial_id, entry_id, ca_id, serial, shard, subject_sha256, spki_sha256, not_after, reserved_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};
const db::Query kInsertCertificate{"pki.insert_certificate", R"sql(
    INSERT INTO certificate (certificate_id, entry_id, ca_id, serial, subject, spki_sha256, profile, product, not_before, not_after, der,
                             sha256, signature_id, issued_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14))sql"};
const db::Query kInsertRevocation{"pki.insert_revocation", R"sql(
    INSERT INTO revocation (revocation_id, entry_id, ca_id, serial, shard, reason, effective_at, not_after, recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};
const db::Query kInsertNumber{"pki.insert_crl_number", R"sql(
    INSERT INTO crl_number (number_id, entry_id, ca_id, number, shard, this_update) VALUES ($1, $2, $3, $4, $5, $6))sql"};
const db::Query kInsertCrl{"pki.insert_crl", R"sql(
    INSERT INTO crl (crl_id, entry_id, ca_id, number, shard, this_update, next_update, revoked, der, signature_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10))sql"};

const ledger::ProvenTable kAuthorityTable{
    "certificate_authority", "ca_id",
    "ca_id, name, certificate, sha256, subject, key_name, profiles, publication, crl_shards, created_at"};
const ledger::ProvenTable kStateTable{"certificate_authority_state", "state_id",
                                      "state_id, ca_id, state, reason, since"};
const ledger::ProvenTable kSerialTable{
    "certificate_serial", "serial_id",
    "serial_id, ca_id, serial, shard, subject_sha256, spki_sha256, not_after, reserved_at"};
const ledger::ProvenTable kCertificateTable{"certificate", "certificate_id",
                                            "certificate_id, ca_id, serial, subject, spki_sha256, profile, product, "
                                            "not_before, not_after, der, sha256, signature_id, issued_at"};
const ledger::ProvenTable kRevocationTable{
    "revocation", "revocation_id", "revocation_id, ca_id, serial, shard, reason, effective_at, not_after, recorded_at"};
const ledger::ProvenTable kNumberTable{"crl_number", "number_id", "number_id, ca_id, number, shard, this_update"};
// Without der: it is public, of up to many megabytes, and named by the signature's evidence.
const ledger::ProvenTable kCrlTable{"crl", "crl_id",
                                    "crl_id, ca_id, number, shard, this_update, next_update, revoked, signature_id"};

Bytes bytes_in(ByteView view) { return {view.begin(), view.end()}; }

StoredAuthority authority_of(const db::Row& row) {
  StoredAuthority one;
  one.id = row.int64(0), one.name = row.string(1), one.certificate = bytes_in(row.blob(2)), one.sha256 = row.string(3);
  one.subject = row.string(4), one.key = row.string(5), one.profiles = row.string(6), one.publication = row.string(7);
  one.shards = row.int64(8), one.created_at = row.time(9), one.entry = row.int64(10);
  one.frozen = row.text(11) == "frozen", one.state_reason = row.string(12), one.state_since = row.time(13);
  return one;
}

StoredCertificate certificate_of(const db::Row& row) {
  StoredCertificate one;
  one.id = row.int64(0), one.ca_id = row.int64(1), one.serial = row.string(2), one.subject = row.string(3);
  one.spki_sha256 = row.string(4), one.profile = row.string(5), one.product = row.string(6);
  one.not_before = row.time(7), one.not_after = row.time(8), one.der = bytes_in(row.blob(9)),
  one.sha256 = row.string(10);
  one.signature = row.int64_or_none(11), one.issued_at = row.time(12), one.entry = row.int64(13);
  return one;
}

StoredRevocation revocation_of(const db::Row& row) {
  return {row.string(0), row.int64(1), unsigned(row.int64(2)), row.time(3), row.time(4), row.time(5)};
}

}  // namespace

Result<std::optional<StoredAuthority>> Store::authority(std::string_view name) const {
  return db_.find(kAuthority, authority_of, name);
}
Result<std::vector<StoredAuthority>> Store::authorities() const { return db_.select(kAuthorities, authority_of); }

Result<std::optional<StoredSerial>> Store::serial(std::int64_t ca, std::string_view serial) const {
  return db_.find(
      kSerial,
      [](const db::Row& row) {
        return StoredSerial{row.string(0), row.int64(1), row.string(2), row.string(3), row.time(4)};
      },
      ca, serial);
}

Result<bool> Store::other_subject_has(std::string_view spki_sha256, std::string_view subject_sha256) const {
  HF_TRY(const auto found, db_.number(kOtherSubject, spki_sha256, subject_sha256));
  return found > 0;
}

Result<std::optional<StoredCertificate>> Store::certificate(std::int64_t ca, std::string_view serial) const {
  return db_.find(kCertificate, certificate_of, ca, serial);
}
Result<std::optional<StoredCertificate>> Store::certificate_with(std::string_view sha256) const {
  return db_.find(kCertificateWith, certificate_of, sha256);
}
Result<std::vector<StoredCertificate>> Store::certificates(std::int64_t ca, std::int64_t before,
                                                           std::int64_t limit) const {
  return db_.select(kCertificates, certificate_of, ca, before, limit);
}

Result<std::vector<ExpiryCount>> Store::expiring(std::int64_t ca, Time from, Time until) const {
  return db_.select(
      kExpiring,
      [](const db::Row& row) {
        return ExpiryCount{row.string(0), row.string(1), row.int64(2), row.time(3), row.time(4)};
      },
      ca, from, until);
}

Result<std::optional<StoredRevocation>> Store::revocation(std::int64_t ca, std::string_view serial) const {
  return db_.find(kRevocation, revocation_of, ca, serial);
}

Result<std::vector<StoredRevocation>> Store::revocations(std::int64_t ca, std::int64_t shard) const {
  std::vector<StoredRevocation> newest;
  HF_CHECK(db_.each(
      kRevocations,
      [&](const db::Row& row) {
        auto one = revocation_of(row);
        if (!newest.empty() && newest.back().serial == one.serial) newest.back() = std::move(one);
        else newest.push_back(std::move(one));
        return true;
      },
      ca, shard));
  return newest;
}

Result<std::int64_t> Store::newest_crl_number(std::int64_t ca) const { return db_.number(kNewestNumber, ca); }

Result<std::optional<StoredCrl>> Store::newest_crl(std::int64_t ca, std::int64_t shard) const {
  return db_.find(
      kNewestCrl,
      [](const db::Row& row) {
        return StoredCrl{row.int64(0), row.int64(1), row.time(2), row.time(3), row.int64(4), row.int64(5), {}};
      },
      ca, shard);
}

Result<std::optional<std::string>> production_hold(const db::Reader& reader, std::string_view product) {
  return reader.find(
      kHold, [](const db::Row& row) { return row.string(0); }, product);
}

Result<std::int64_t> insert_authority(ledger::Transaction& transaction, ledger::EntryId entry,
                                      const StoredAuthority& one) {
  const auto& db = transaction.db();
  HF_TRY(const auto there, db.number(kAuthorityIs, one.name, one.sha256));
  if (there > 0)
    return fail(ErrorKind::conflict, "HF-PKI-0015",
                "there is a CA '" + one.name + "' already, or one with this certificate: holdfast pki ca list");
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertAuthority, id, entry, one.name, one.certificate, one.sha256, one.subject, one.key,
                      one.profiles, one.publication, one.shards, transaction.now()));
  HF_CHECK(transaction.prove(entry, kAuthorityTable, id));
  return id;
}

Result<void> insert_state(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ca, bool frozen,
                          std::string_view reason) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(
      transaction.db().execute(kInsertState, id, entry, ca, frozen ? "frozen" : "active", reason, transaction.now()));
  return transaction.prove(entry, kStateTable, id);
}

Result<void> insert_serial(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ca,
                           const StoredSerial& one) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertSerial, id, entry, ca, one.serial, one.shard, one.subject_sha256,
                                    one.spki_sha256, one.not_after, transaction.now()));
  return transaction.prove(entry, kSerialTable, id);
}

Result<void> insert_certificate(ledger::Transaction& transaction, ledger::EntryId entry, const StoredCertificate& one) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertCertificate, id, entry, one.ca_id, one.serial, one.subject, one.spki_sha256,
                                    one.profile, one.product, one.not_before, one.not_after, one.der, one.sha256,
                                    one.signature, transaction.now()));
  return transaction.prove(entry, kCertificateTable, id);
}

Result<void> insert_revocation(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ca,
                               const StoredRevocation& one) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertRevocation, id, entry, ca, one.serial, one.shard, std::int64_t(one.reason),
                                    one.effective_at, one.not_after, transaction.now()));
  return transaction.prove(entry, kRevocationTable, id);
}

Result<void> insert_crl_number(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ca,
                               std::int64_t number, std::int64_t shard) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertNumber, id, entry, ca, number, shard, transaction.now()));
  return transaction.prove(entry, kNumberTable, id);
}

Result<void> insert_crl(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t ca,
                        const StoredCrl& one) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertCrl, id, entry, ca, one.number, one.shard, one.this_update, one.next_update,
                                    one.revoked, one.der, one.signature));
  return transaction.prove(entry, kCrlTable, id);
}

}  // namespace hf::pki
