#include "keys/store.h"

#include "keys/signer/wire.h"

namespace hf::keys {
namespace {

const db::Query kKey{"keys.key", R"sql(
    SELECT k.key_id, k.name, k.class, k.environment, k.created_at, k.entry_id, c.body, c.digest
      FROM signing_key AS k
      JOIN key_charter AS c ON c.key_id = k.key_id
     WHERE k.name = $1 AND c.since <= $2 ORDER BY c.sequence DESC LIMIT 1)sql"};
const db::Query kKeys{"keys.keys", R"sql(
    SELECT k.key_id, k.name, k.class, k.environment, k.created_at, k.entry_id, c.body, c.digest
      FROM signing_key AS k
      JOIN key_charter AS c ON c.key_id = k.key_id
     WHERE k.name > $1 AND substr(k.name, 1, length(CAST($2 AS TEXT))) = $2
       AND c.sequence = (SELECT MAX(n.sequence) FROM key_charter AS n WHERE n.key_id = k.key_id)
     ORDER BY k.name LIMIT $3)sql"};
const db::Query kSignatureCount{"keys.signature_count", R"sql(
    SELECT COUNT(*) FROM key_version AS v JOIN signature AS s ON s.key_version_id = v.key_version_id WHERE v.key_id = $1)sql"};
const db::Query kKeyNames{"keys.names", "SELECT name FROM signing_key ORDER BY name"};
const db::Query kVersion{
    "keys.version",
    "SELECT key_version_id, fingerprint, spki, custody, cka_id FROM key_version WHERE key_id = $1 AND version = $2"};
const db::Query kVersions{"keys.versions", R"sql(
    SELECT v.version, v.spki, v.custody, v.created_at, (SELECT COUNT(*) FROM signature AS s WHERE s.key_version_id = v.key_version_id)
      FROM key_version AS v WHERE v.key_id = $1 ORDER BY v.version)sql"};
const db::Query kKeyWith{"keys.key_with_fingerprint", R"sql(
    SELECT k.name FROM key_version AS v JOIN signing_key AS k ON k.key_id = v.key_id WHERE v.fingerprint = $1)sql"};
const db::Query kRequest{"keys.request", R"sql(
    SELECT r.request_id, r.digest, r.body, r.attachment, r.entry_id,
           (SELECT COUNT(*) FROM signature AS s WHERE s.request_id = r.request_id AND s.signed_at <= $2)
      FROM signing_request AS r WHERE r.digest = $1)sql"};
const db::Query kApprovals{
    "keys.approvals",
    "SELECT body FROM signing_approval WHERE request_id = $1 AND given_at <= $2 ORDER BY approval_id"};
const db::Query kCharterCount{"keys.charter_count",
                              "SELECT COUNT(*) FROM key_charter WHERE digest = $1 AND since <= $2"};
const db::Query kDigestFrom{
    "keys.request_digest_from",
    "SELECT digest FROM signing_request WHERE digest >= $1 AND digest < $2 ORDER BY digest LIMIT 2"};
const db::Query kRequests{"keys.requests",
                          "SELECT digest, key_id, expires_at, request_id FROM signing_request WHERE request_id < $1 "
                          "ORDER BY request_id DESC LIMIT $2"};
const db::Query kRequestsOfKey{"keys.requests_of_key", R"sql(
    SELECT r.digest, r.key_id, r.expires_at, r.request_id FROM signing_key AS k JOIN signing_request AS r ON r.key_id = k.key_id
     WHERE k.name = $1 AND r.request_id < $2 ORDER BY r.request_id DESC LIMIT $3)sql"};
const db::Query kByExpiry{"keys.requests_by_expiry", R"sql(
    SELECT digest, key_id, expires_at, request_id FROM signing_request
     WHERE (expires_at, request_id) > ($1, $2) AND created_at <= $3 ORDER BY expires_at, request_id LIMIT $4)sql"};
// A count and not EXISTS, of which PostgreSQL would make a walk through all approvals.
const db::Query kRejected{"keys.rejected", R"sql(
    SELECT r.digest FROM signing_request AS r
     WHERE r.expires_at > $1
       AND (SELECT COUNT(*) FROM signing_approval AS a WHERE a.request_id = r.request_id AND a.decision = 'reject') > 0
     ORDER BY r.expires_at, r.request_id)sql"};
const db::Query kSignatures{"keys.signatures", R"sql(
    SELECT s.signature_id, r.digest, k.name, v.version, s.product, s.format, s.scheme, s.artifact_name, s.artifact_sha256, s.signature,
           s.requester, s.journal_line, s.entry_id, s.signed_at
      FROM key_version AS v
      JOIN signature AS s ON s.key_version_id = v.key_version_id
      JOIN signing_request AS r ON r.request_id = s.request_id
      JOIN signing_key AS k ON k.key_id = v.key_id
     WHERE v.key_id = $1 AND s.signature_id < $2 ORDER BY s.signature_id DESC LIMIT $3)sql"};
const db::Query kSignedFiles{"keys.signed_files",
                             "SELECT sha256 FROM signed_artifact WHERE signature_id = $1 ORDER BY sha256"};
const db::Query kInsertKey{"keys.insert_key", R"sql(
    INSERT INTO signing_key (key_id, entry_id, name, class, environment, created_at) VALUES ($1, $2, $3, $4, $5, $6))sql"};
const db::Query kInsertCharter{"keys.insert_charter", R"sql(
    INSERT INTO key_charter (charter_id, entry_id, key_id, sequence, digest, owner, deputy, body, since)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};
const db::Query kInsertVersion{"keys.insert_version", R"sql(
    INSERT INTO key_version (key_version_id, entry_id, key_id, version, algorithm, cka_id, fingerprint, spki, custody, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10))sql"};
const db::Query kInsertRequest{"keys.insert_request", R"sql(
    INSERT INTO signing_request (request_id, entry_id, digest, key_id, kind, body, attachment, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};
const db::Query kSpoken{"keys.has_spoken",
                        "SELECT COUNT(*) FROM signing_approval WHERE request_id = $1 AND person = $2"};
const db::Query kInsertApproval{"keys.insert_approval", R"sql(
    INSERT INTO signing_approval (approval_id, entry_id, request_id, person, decision, body, given_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7))sql"};
const db::Query kInsertSignature{"keys.insert_signature", R"sql(
    INSERT INTO signature (signature_id, entry_id, request_id, key_version_id, product, format, scheme, artifact_name, artifact_sha256,
                           evidence_sha256, signature, requester, journal_line, journal_hash, signed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15))sql"};
const db::Query kInsertSigned{"keys.insert_signed_artifact",
                              "INSERT INTO signed_artifact (sha256, signature_id, entry_id) VALUES ($1, $2, $3)"};

const ledger::ProvenTable kKeyTable{"signing_key", "key_id", "key_id, name, class, environment, created_at"};
const ledger::ProvenTable kCharterTable{"key_charter", "charter_id",
                                        "charter_id, key_id, sequence, digest, owner, deputy, body, since"};
const ledger::ProvenTable kVersionTable{
    "key_version", "key_version_id",
    "key_version_id, key_id, version, algorithm, cka_id, fingerprint, spki, custody, created_at"};
const ledger::ProvenTable kRequestTable{"signing_request", "request_id",
                                        "request_id, digest, key_id, kind, body, attachment, created_at, expires_at"};
const ledger::ProvenTable kApprovalTable{"signing_approval", "approval_id",
                                         "approval_id, request_id, person, decision, body, given_at"};
const ledger::ProvenTable kSignatureTable{"signature", "signature_id",
                                          "signature_id, request_id, key_version_id, product, format, scheme, "
                                          "artifact_name, artifact_sha256, evidence_sha256, signature, requester, "
                                          "journal_line, journal_hash, signed_at"};

std::string first_of(const db::Row& row) { return row.string(0); }

RequestHandle handle_of(const db::Row& row) { return {row.string(0), row.int64(1), {row.int64(2), row.int64(3)}}; }

struct KeyRow {
  StoredKey key;
  std::string body;
};
KeyRow key_row(const db::Row& row) {
  KeyRow found{{}, row.string(6)};
  auto& key = found.key;
  key.id = row.int64(0), key.name = row.string(1), key.key_class = row.string(2), key.environment = row.string(3);
  key.created_at = row.time(4), key.entry = row.int64(5), key.charter_digest = row.string(7);
  return found;
}
Result<StoredKey> with_charter(KeyRow row) {
  HF_TRY(const auto json, parse_json(row.body));
  HF_TRY(row.key.charter, charter_of(json));
  return std::move(row.key);
}

}  // namespace

Result<std::optional<StoredKey>> Store::key(std::string_view name) const {
  HF_TRY(auto row, db_.find(kKey, key_row, name, until_));
  if (!row) return std::optional<StoredKey>();
  HF_TRY(auto key, with_charter(*std::move(row)));
  return std::optional(std::move(key));
}

Result<std::vector<StoredKey>> Store::keys(std::string_view beginning, std::string_view after,
                                           std::int64_t limit) const {
  HF_TRY(auto rows, db_.select(kKeys, key_row, after, beginning, limit));
  std::vector<StoredKey> list;
  for (auto& row : rows) {
    HF_TRY(auto key, with_charter(std::move(row)));
    list.push_back(std::move(key));
  }
  return list;
}

Result<std::optional<StoredKey>> Store::counted_key(std::string_view name) const {
  HF_TRY(auto found, key(name));
  if (found) {
    HF_TRY(found->signatures, db_.number(kSignatureCount, found->id));
  }
  return found;
}

Result<std::vector<std::string>> Store::key_names() const { return db_.select(kKeyNames, first_of); }

Result<std::vector<StoredVersion>> Store::versions(std::int64_t key_id) const {
  return db_.select(
      kVersions,
      [](const db::Row& row) {
        return StoredVersion{row.int64(0), row.string(1), row.string(2), row.time(3), row.int64(4)};
      },
      key_id);
}

Result<std::optional<Store::Version>> Store::version(std::int64_t key_id, std::int64_t version) const {
  return db_.find(
      kVersion,
      [](const db::Row& row) {
        return Version{row.int64(0), row.string(1), row.string(2), row.string(3), row.string(4)};
      },
      key_id, version);
}

Result<std::optional<std::string>> Store::key_with(std::string_view fingerprint) const {
  return db_.find(kKeyWith, first_of, fingerprint);
}

Result<std::optional<StoredRequest>> Store::request(std::string_view digest) const {
  std::string body;
  HF_TRY(auto found, db_.find(
                         kRequest,
                         [&](const db::Row& row) {
                           body = row.string(2);
                           StoredRequest stored;
                           stored.id = row.int64(0), stored.digest = row.string(1), stored.attachment = row.string(3);
                           stored.entry = row.int64(4), stored.used = row.int64(5);
                           return stored;
                         },
                         digest, until_));
  if (!found) return found;
  HF_TRY(const auto json, parse_json(body));
  HF_TRY(found->request, request_of(json));
  if (found->request.kind == RequestKind::charter) {
    HF_TRY(found->used, db_.number(kCharterCount, found->request.next_charter, until_));
  }
  if (found->request.break_glass) {
    HF_TRY(found->glass, GlassStore(db_, as_of_).of(found->id));
  }
  HF_TRY(const auto bodies, db_.select(kApprovals, first_of, found->id, until_));
  for (const auto& text : bodies) {
    HF_TRY(const auto one, parse_json(text));
    HF_TRY(auto approval, approval_of(one));
    found->approvals.push_back(std::move(approval));
  }
  return found;
}

Result<std::optional<std::string>> Store::digest_from(std::string_view beginning) const {
  HF_TRY(const auto digests, db_.select(kDigestFrom, first_of, beginning, std::string(beginning) + "g"));
  if (digests.size() > 1)
    return fail(ErrorKind::invalid, "HF-KEYS-0012",
                "more than one request begins with " + std::string(beginning) + ": give more of its digest");
  return digests.empty() ? std::optional<std::string>() : std::optional(digests.front());
}

Result<std::vector<RequestHandle>> Store::requests(std::string_view key, std::int64_t before,
                                                   std::int64_t limit) const {
  if (key.empty()) return db_.select(kRequests, handle_of, before, limit);
  return db_.select(kRequestsOfKey, handle_of, key, before, limit);
}

Result<std::vector<RequestHandle>> Store::by_expiry(const RequestPlace& after, std::int64_t limit) const {
  return db_.select(kByExpiry, handle_of, after.expires, after.id, until_, limit);
}

Result<std::vector<std::string>> Store::rejected(Time now) const { return db_.select(kRejected, first_of, now); }

Result<std::vector<StoredSignature>> Store::signatures(std::int64_t key_id, std::int64_t before,
                                                       std::int64_t limit) const {
  HF_TRY(auto list,
         db_.select(
             kSignatures,
             [](const db::Row& row) {
               StoredSignature one;
               one.id = row.int64(0), one.request = row.string(1), one.key = row.string(2), one.version = row.int64(3);
               one.product = row.string(4), one.format = row.string(5), one.scheme = row.string(6);
               one.artifact_name = row.string(7), one.artifact_sha256 = row.string(8), one.signature = row.string(9);
               one.requester = row.string(10), one.journal_line = row.int64(11), one.entry = row.int64(12);
               one.signed_at = row.time(13);
               return one;
             },
             key_id, before, limit));
  for (auto& one : list) {
    HF_TRY(one.signed_files, db_.select(kSignedFiles, first_of, one.id));
  }
  return list;
}

Result<void> insert_charter(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_id,
                            const Charter& charter) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertCharter, id, entry, key_id, charter.sequence, digest_of(charter), charter.owner,
                      charter.deputy, canonical(charter), transaction.now()));
  return transaction.prove(entry, kCharterTable, id);
}

Result<void> insert_version(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_id, int number,
                            const crypto::TokenKey& key) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_TRY(const auto custody, canonical_json(to_json(key.custody)));
  HF_CHECK(db.execute(kInsertVersion, id, entry, key_id, std::int64_t(number),
                      crypto::name_of(key.public_key.algorithm), to_hex(key.pin.id), to_hex(key.pin.fingerprint),
                      to_hex(crypto::to_spki(key.public_key)), custody, transaction.now()));
  return transaction.prove(entry, kVersionTable, id);
}

Result<void> insert_key(ledger::Transaction& transaction, ledger::EntryId entry, const Charter& charter,
                        const std::vector<crypto::TokenKey>& versions) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertKey, id, entry, charter.key, name_of(charter.key_class), name_of(charter.environment),
                      transaction.now()));
  HF_CHECK(transaction.prove(entry, kKeyTable, id));
  HF_CHECK(insert_charter(transaction, entry, id, charter));
  for (std::size_t i = 0; i < versions.size(); ++i)
    HF_CHECK(insert_version(transaction, entry, id, charter.versions[i].version, versions[i]));
  return {};
}

Result<void> insert_request(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_id,
                            const SigningRequest& request, std::string_view attachment) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertRequest, id, entry, digest_of(request), key_id, name_of(request.kind), canonical(request),
                      attachment, request.created_at, request.expires_at));
  return transaction.prove(entry, kRequestTable, id);
}

Result<void> insert_approval(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t request_id,
                             const Approval& approval) {
  const auto& db = transaction.db();
  HF_TRY(const auto spoken, db.number(kSpoken, request_id, approval.statement.person));
  if (spoken > 0)
    return fail(ErrorKind::conflict, "HF-KEYS-0013",
                approval.statement.person + " has decided on this request already");
  HF_TRY(const auto id, db.next_id());
  HF_TRY(const auto body, canonical_json(to_json(approval)));
  HF_CHECK(db.execute(kInsertApproval, id, entry, request_id, approval.statement.person,
                      approval.statement.decision == Decision::approve ? "approve" : "reject", body,
                      approval.statement.at));
  return transaction.prove(entry, kApprovalTable, id);
}

Result<std::int64_t> insert_signature(ledger::Transaction& transaction, ledger::EntryId entry,
                                      const NewSignature& one) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertSignature, id, entry, one.request_id, one.key_version_id, one.product, one.format,
                      crypto::name_of(one.scheme), one.artifact_name, one.artifact_sha256, one.evidence_sha256,
                      to_hex(one.made.signature), one.requester, one.made.journal, to_hex(one.made.head.hash),
                      transaction.now()));
  HF_CHECK(transaction.prove(entry, kSignatureTable, id));
  return id;
}

Result<void> insert_signed_artifact(ledger::Transaction& transaction, ledger::EntryId entry, std::string_view sha256,
                                    std::int64_t signature_id) {
  HF_CHECK(transaction.db().execute(kInsertSigned, sha256, signature_id, entry));
  return {};
}

}  // namespace hf::keys
