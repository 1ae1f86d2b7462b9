#include "pki/look_up_store.h"

namespace hf::pki {
namespace {

const db::Query kNewest{"pki.look_up_newest", R"sql(
    SELECT c.certificate_id, a.name, c.serial, c.subject, c.spki_sha256, c.profile, c.product, c.sha256, c.not_before, c.not_after, c.issued_at,
           c.entry_id, c.ca_id
      FROM certificate AS c JOIN certificate_authority AS a ON a.ca_id = c.ca_id
     WHERE c.certificate_id < $1 ORDER BY c.certificate_id DESC LIMIT $2)sql"};
const db::Query kNewestOf{"pki.look_up_newest_of", R"sql(
    SELECT c.certificate_id, a.name, c.serial, c.subject, c.spki_sha256, c.profile, c.product, c.sha256, c.not_before, c.not_after, c.issued_at,
           c.entry_id, c.ca_id
      FROM certificate AS c JOIN certificate_authority AS a ON a.ca_id = c.ca_id
     WHERE c.ca_id = $1 AND c.certificate_id < $2 ORDER BY c.certificate_id DESC LIMIT $3)sql"};
const db::Query kWithSerial{"pki.look_up_serial", R"sql(
    SELECT c.certificate_id, a.name, c.serial, c.subject, c.spki_sha256, c.profile, c.product, c.sha256, c.not_before, c.not_after, c.issued_at,
           c.entry_id, c.ca_id
      FROM certificate AS c JOIN certificate_authority AS a ON a.ca_id = c.ca_id
     WHERE c.ca_id = $1 AND c.serial >= $2 AND c.serial < $3 ORDER BY c.serial LIMIT $4)sql"};
const db::Query kWithSubject{"pki.look_up_subject", R"sql(
    SELECT c.certificate_id, a.name, c.serial, c.subject, c.spki_sha256, c.profile, c.product, c.sha256, c.not_before, c.not_after, c.issued_at,
           c.entry_id, c.ca_id
      FROM certificate AS c JOIN certificate_authority AS a ON a.ca_id = c.ca_id
     WHERE c.subject >= $1 AND c.subject < $2 AND (c.subject, c.certificate_id) > ($3, $4)
     ORDER BY c.subject, c.certificate_id LIMIT $5)sql"};
const db::Query kWithDigest{"pki.look_up_digest", R"sql(
    SELECT c.certificate_id, a.name, c.serial, c.subject, c.spki_sha256, c.profile, c.product, c.sha256, c.not_before, c.not_after, c.issued_at,
           c.entry_id, c.ca_id
      FROM certificate AS c JOIN certificate_authority AS a ON a.ca_id = c.ca_id
     WHERE c.sha256 = $1)sql"};
const db::Query kWithKey{"pki.look_up_key", R"sql(
    SELECT c.certificate_id, a.name, c.serial, c.subject, c.spki_sha256, c.profile, c.product, c.sha256, c.not_before, c.not_after, c.issued_at,
           c.entry_id, c.ca_id
      FROM certificate_serial AS s JOIN certificate AS c ON c.ca_id = s.ca_id AND c.serial = s.serial
      JOIN certificate_authority AS a ON a.ca_id = c.ca_id
     WHERE s.spki_sha256 = $1 ORDER BY c.certificate_id DESC LIMIT $2)sql"};
const db::Query kEnding{"pki.look_up_ending", R"sql(
    SELECT c.certificate_id, a.name, c.serial, c.subject, c.spki_sha256, c.profile, c.product, c.sha256, c.not_before, c.not_after, c.issued_at,
           c.entry_id, c.ca_id
      FROM certificate AS c JOIN certificate_authority AS a ON a.ca_id = c.ca_id
     WHERE c.ca_id = $1 AND c.not_after >= $2 AND c.not_after < $4 AND (c.not_after, c.certificate_id) > ($2, $3)
     ORDER BY c.not_after, c.certificate_id LIMIT $5)sql"};
// Up to a bound: a CA of devices has millions.
const db::Query kCountFrom{"pki.count_ending_from", R"sql(
    SELECT COUNT(*) FROM (SELECT 1 AS one FROM certificate WHERE ca_id = $1 AND not_after >= $2 LIMIT $3) AS found)sql"};
const db::Query kCountUntil{"pki.count_ending_between", R"sql(
    SELECT COUNT(*) FROM (SELECT 1 AS one FROM certificate WHERE ca_id = $1 AND not_after >= $2 AND not_after < $3 LIMIT $4) AS found)sql"};
const db::Query kCountRevoked{"pki.count_revoked", R"sql(
    SELECT COUNT(*) FROM (SELECT DISTINCT serial FROM revocation WHERE ca_id = $1 LIMIT $2) AS found)sql"};
const db::Query kCrls{"pki.look_up_crls", R"sql(
    SELECT number, shard, this_update, next_update, revoked, signature_id FROM crl
     WHERE ca_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3)sql"};
const db::Query kCrlWhole{"pki.look_up_crl_whole", R"sql(
    SELECT number, shard, this_update, next_update, revoked, signature_id, der FROM crl
     WHERE ca_id = $1 AND shard = $2 ORDER BY number DESC LIMIT 1)sql"};
const db::Query kRevocations{"pki.look_up_revocations", R"sql(
    SELECT serial, shard, reason, effective_at, not_after, recorded_at, revocation_id, entry_id FROM revocation
     WHERE ca_id = $1 AND revocation_id < $2 ORDER BY revocation_id DESC LIMIT $3)sql"};

struct Row {
  CertificateLine line;
  std::int64_t ca = 0;
};
Row row_of(const db::Row& row) {
  Row read;
  auto& one = read.line;
  one.id = row.int64(0), one.authority = row.string(1), one.serial = row.string(2), one.subject = row.string(3);
  one.spki_sha256 = row.string(4), one.profile = row.string(5), one.product = row.string(6), one.sha256 = row.string(7);
  one.not_before = row.time(8), one.not_after = row.time(9), one.issued_at = row.time(10), one.entry = row.int64(11);
  read.ca = row.int64(12);
  return read;
}
StoredCrl crl_of(const db::Row& row) {
  return {row.int64(0), row.int64(1), row.time(2), row.time(3), row.int64(4), row.int64(5), {}};
}

// The first text that does not begin with `beginning`: nothing in UTF-8 is above the greatest code point.
std::string above(std::string_view beginning) { return std::string(beginning) + "\xF4\x8F\xBF\xBF"; }

Result<std::vector<CertificateLine>> judged(const db::Reader& db, Result<std::vector<Row>> rows) {
  if (!rows) return fail(rows.error());
  const Store store(db);
  std::vector<CertificateLine> lines;
  for (auto& row : *rows) {
    HF_TRY(row.line.revoked, store.revocation(row.ca, row.line.serial));
    lines.push_back(std::move(row.line));
  }
  return lines;
}

}  // namespace

LookUpStore::Lines LookUpStore::newest(std::int64_t before, std::int64_t limit) const {
  return judged(db_, db_.select(kNewest, row_of, before, limit));
}
LookUpStore::Lines LookUpStore::newest_of(std::int64_t ca, std::int64_t before, std::int64_t limit) const {
  return judged(db_, db_.select(kNewestOf, row_of, ca, before, limit));
}
LookUpStore::Lines LookUpStore::with_serial(std::int64_t ca, std::string_view beginning, std::int64_t limit) const {
  return judged(db_, db_.select(kWithSerial, row_of, ca, beginning, above(beginning), limit));
}
LookUpStore::Lines LookUpStore::with_subject(std::string_view beginning, std::string_view after_subject,
                                             std::int64_t after_id, std::int64_t limit) const {
  return judged(db_, db_.select(kWithSubject, row_of, beginning, above(beginning), after_subject, after_id, limit));
}
LookUpStore::Lines LookUpStore::with_digest(std::string_view sha256) const {
  return judged(db_, db_.select(kWithDigest, row_of, sha256));
}
LookUpStore::Lines LookUpStore::with_key(std::string_view spki_sha256, std::int64_t limit) const {
  return judged(db_, db_.select(kWithKey, row_of, spki_sha256, limit));
}
LookUpStore::Lines LookUpStore::ending(std::int64_t ca, Time after, std::int64_t after_id, Time until,
                                       std::int64_t limit) const {
  return judged(db_, db_.select(kEnding, row_of, ca, after, after_id, until, limit));
}

Result<CertificateCounts> LookUpStore::counts(std::int64_t ca, Time now, Time soon) const {
  CertificateCounts counts;
  HF_TRY(counts.current, db_.number(kCountFrom, ca, now, kCountMax));
  HF_TRY(counts.ending, db_.number(kCountUntil, ca, now, soon, kCountMax));
  HF_TRY(counts.expired, db_.number(kCountUntil, ca, Time{}, now, kCountMax));
  HF_TRY(counts.revoked, db_.number(kCountRevoked, ca, kCountMax));
  return counts;
}

Result<std::vector<StoredCrl>> LookUpStore::crls(std::int64_t ca, std::int64_t below, std::int64_t limit) const {
  return db_.select(kCrls, crl_of, ca, below, limit);
}

Result<std::optional<StoredCrl>> LookUpStore::newest_crl_whole(std::int64_t ca, std::int64_t shard) const {
  return db_.find(
      kCrlWhole,
      [](const db::Row& row) {
        auto crl = crl_of(row);
        const auto der = row.blob(6);
        crl.der.assign(der.begin(), der.end());
        return crl;
      },
      ca, shard);
}

Result<std::vector<LookUpStore::Revoked>> LookUpStore::revocations(std::int64_t ca, std::int64_t before,
                                                                   std::int64_t limit) const {
  return db_.select(
      kRevocations,
      [](const db::Row& row) {
        return Revoked{row.int64(6),
                       row.int64(7),
                       {row.string(0), row.int64(1), unsigned(row.int64(2)), row.time(3), row.time(4), row.time(5)}};
      },
      ca, before, limit);
}

}  // namespace hf::pki
