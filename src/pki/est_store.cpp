#include "pki/est_store.h"

namespace hf::pki {
namespace {

const db::Query kLabel{"pki.est_label", R"sql(
    SELECT l.label, l.ca_id, a.name, l.profile, l.grant_digest, l.product, l.approval, l.grace_hours, l.trust
      FROM est_label AS l JOIN certificate_authority AS a ON a.ca_id = l.ca_id
     WHERE l.label = $1 ORDER BY l.since DESC LIMIT 1)sql"};
const db::Query kLabels{"pki.est_labels", R"sql(
    SELECT l.label, l.ca_id, a.name, l.profile, l.grant_digest, l.product, l.approval, l.grace_hours, l.trust
      FROM est_label AS l JOIN certificate_authority AS a ON a.ca_id = l.ca_id
     WHERE l.since = (SELECT MAX(n.since) FROM est_label AS n WHERE n.label = l.label) ORDER BY l.label)sql"};
const db::Query kEnrolment{"pki.est_request", R"sql(
    SELECT r.request_id, r.label, r.csr_sha256, r.csr, r.subject, r.requester, r.asked_at, d.decision, d.reason, i.serial
      FROM est_request AS r
      LEFT JOIN est_decision AS d ON d.request_id = r.request_id
      LEFT JOIN est_issued AS i ON i.request_id = r.request_id
     WHERE r.label = $1 AND r.csr_sha256 = $2)sql"};
const db::Query kEnrolmentOf{"pki.est_request_of_id", R"sql(
    SELECT r.request_id, r.label, r.csr_sha256, r.csr, r.subject, r.requester, r.asked_at, d.decision, d.reason, i.serial
      FROM est_request AS r
      LEFT JOIN est_decision AS d ON d.request_id = r.request_id
      LEFT JOIN est_issued AS i ON i.request_id = r.request_id
     WHERE r.request_id = $1)sql"};
const db::Query kPending{"pki.est_pending", "SELECT request_id FROM est_pending ORDER BY request_id LIMIT $1"};
const db::Query kPendingCount{"pki.est_pending_count", "SELECT COUNT(*) FROM est_pending"};
const db::Query kInsertPending{"pki.insert_est_pending", "INSERT INTO est_pending (request_id) VALUES ($1)"};
const db::Query kDeletePending{"pki.delete_est_pending", "DELETE FROM est_pending WHERE request_id = $1"};
const db::Query kInsertLabel{"pki.insert_est_label", R"sql(
    INSERT INTO est_label (label_id, entry_id, label, ca_id, profile, grant_digest, product, approval, grace_hours, trust, since)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))sql"};
const db::Query kInsertRequest{"pki.insert_est_request", R"sql(
    INSERT INTO est_request (request_id, entry_id, label, csr_sha256, csr, subject, requester, asked_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};
const db::Query kInsertDecision{"pki.insert_est_decision", R"sql(
    INSERT INTO est_decision (request_id, entry_id, decision, reason, decided_by, decided_at) VALUES ($1, $2, $3, $4, $5, $6))sql"};
const db::Query kInsertIssued{"pki.insert_est_issued", R"sql(
    INSERT INTO est_issued (request_id, entry_id, ca_id, serial) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING)sql"};

const ledger::ProvenTable kLabelTable{
    "est_label", "label_id",
    "label_id, label, ca_id, profile, grant_digest, product, approval, grace_hours, trust, since"};
const ledger::ProvenTable kRequestTable{"est_request", "request_id",
                                        "request_id, label, csr_sha256, csr, subject, requester, asked_at"};
const ledger::ProvenTable kDecisionTable{"est_decision", "request_id",
                                         "request_id, decision, reason, decided_by, decided_at"};

StoredLabel label_of(const db::Row& row) {
  StoredLabel one;
  one.label = row.string(0), one.ca_id = row.int64(1), one.authority = row.string(2), one.profile = row.string(3);
  one.grant = row.string(4), one.product = row.string(5), one.approval = row.int64(6) == 1;
  one.grace_hours = row.int64(7), one.trust = row.string(8);
  return one;
}

StoredEnrolment enrolment_of(const db::Row& row) {
  StoredEnrolment one;
  one.id = row.int64(0), one.label = row.string(1), one.csr_sha256 = row.string(2);
  one.csr.assign(row.blob(3).begin(), row.blob(3).end());
  one.subject = row.string(4), one.requester = row.string(5), one.asked_at = row.time(6);
  one.decision = row.string_or_none(7), one.reason = row.string_or_none(8).value_or("");
  one.serial = row.string_or_none(9);
  return one;
}

}  // namespace

Result<std::optional<StoredLabel>> EstStore::label(std::string_view label) const {
  return db_.find(kLabel, label_of, label);
}
Result<std::vector<StoredLabel>> EstStore::labels() const { return db_.select(kLabels, label_of); }
Result<std::optional<StoredEnrolment>> EstStore::enrolment(std::string_view label, std::string_view csr_sha256) const {
  return db_.find(kEnrolment, enrolment_of, label, csr_sha256);
}
Result<std::optional<StoredEnrolment>> EstStore::enrolment(std::int64_t id) const {
  return db_.find(kEnrolmentOf, enrolment_of, id);
}
Result<std::vector<StoredEnrolment>> EstStore::pending(std::int64_t limit) const {
  HF_TRY(const auto ids, db_.select(
                             kPending, [](const db::Row& row) { return row.int64(0); }, limit));
  std::vector<StoredEnrolment> list;
  for (const auto id : ids) {
    HF_TRY(auto one, enrolment(id));
    if (one) list.push_back(*std::move(one));
  }
  return list;
}
Result<std::int64_t> EstStore::pending_count() const { return db_.number(kPendingCount); }

Result<void> insert_label(ledger::Transaction& transaction, ledger::EntryId entry, const StoredLabel& one) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertLabel, id, entry, one.label, one.ca_id, one.profile, one.grant, one.product,
                                    one.approval, one.grace_hours, one.trust, transaction.now()));
  return transaction.prove(entry, kLabelTable, id);
}

Result<std::int64_t> insert_enrolment(ledger::Transaction& transaction, ledger::EntryId entry,
                                      const StoredEnrolment& one) {
  HF_TRY(const auto id, transaction.db().next_id());
  HF_CHECK(transaction.db().execute(kInsertRequest, id, entry, one.label, one.csr_sha256, one.csr, one.subject,
                                    one.requester, transaction.now()));
  HF_CHECK(transaction.prove(entry, kRequestTable, id));
  HF_CHECK(transaction.db().execute(kInsertPending, id));
  return id;
}

Result<void> insert_decision(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t id, bool approve,
                             std::string_view reason) {
  HF_CHECK(transaction.db().execute(kInsertDecision, id, entry, approve ? "approve" : "reject", reason,
                                    transaction.actor().name, transaction.now()));
  HF_CHECK(transaction.db().execute(kDeletePending, id));
  return transaction.prove(entry, kDecisionTable, id);
}

Result<void> insert_issued(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t id, std::int64_t ca,
                           std::string_view serial) {
  HF_CHECK(transaction.db().execute(kInsertIssued, id, entry, ca, serial));
  return {};
}

}  // namespace hf::pki
