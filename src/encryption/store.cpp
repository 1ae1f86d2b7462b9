#include "encryption/store.h"

namespace hf::encryption {
namespace {

const db::Query kKey{"encryption.key", R"sql(
    SELECT key_id, name, environment, token_id, fingerprint, created_at, entry_id
      FROM encryption_key WHERE name = $1)sql"};
const db::Query kKeys{"encryption.keys", R"sql(
    SELECT key_id, name, environment, token_id, fingerprint, created_at, entry_id
      FROM encryption_key ORDER BY name)sql"};
const db::Query kPermits{"encryption.permits", R"sql(
    SELECT person, recipient_group, allowed, decided_at
      FROM encryption_permit WHERE key_id = $1 ORDER BY person, permit_id)sql"};
const db::Query kPermitsOf{"encryption.permits_of", R"sql(
    SELECT person, recipient_group, allowed, decided_at
      FROM encryption_permit WHERE key_id = $1 AND person = $2 ORDER BY permit_id)sql"};

const db::Query kRecipient{"encryption.recipient", R"sql(
    SELECT r.recipient_id, r.name, r.recipient_group, r.public_key, r.certificate, r.fingerprint, r.added_at, v.reason,
           v.revoked_at
      FROM encryption_recipient AS r LEFT JOIN encryption_revocation AS v ON v.recipient_id = r.recipient_id
     WHERE r.name = $1)sql"};
const db::Query kRecipientWith{"encryption.recipient_with", R"sql(
    SELECT r.recipient_id, r.name, r.recipient_group, r.public_key, r.certificate, r.fingerprint, r.added_at, v.reason,
           v.revoked_at
      FROM encryption_recipient AS r LEFT JOIN encryption_revocation AS v ON v.recipient_id = r.recipient_id
     WHERE r.fingerprint = $1)sql"};
const db::Query kRecipientsOf{"encryption.recipients_of_group", R"sql(
    SELECT r.recipient_id, r.name, r.recipient_group, r.public_key, r.certificate, r.fingerprint, r.added_at, v.reason,
           v.revoked_at
      FROM encryption_recipient AS r LEFT JOIN encryption_revocation AS v ON v.recipient_id = r.recipient_id
     WHERE r.recipient_group = $1 ORDER BY r.name)sql"};
const db::Query kRecipients{"encryption.recipients", R"sql(
    SELECT r.recipient_id, r.name, r.recipient_group, r.public_key, r.certificate, r.fingerprint, r.added_at, v.reason,
           v.revoked_at
      FROM encryption_recipient AS r LEFT JOIN encryption_revocation AS v ON v.recipient_id = r.recipient_id
     WHERE (r.recipient_group, r.name) > ($1, $2) ORDER BY r.recipient_group, r.name LIMIT $3)sql"};

const db::Query kContentKey{"encryption.content_key", R"sql(
    SELECT c.content_key_id, c.key_id, k.name, c.product, c.version, c.artifact_name, c.artifact_sha256, c.bits, c.origin,
           c.wrapped, c.creator, c.created_at, c.entry_id
      FROM content_key AS c JOIN encryption_key AS k ON k.key_id = c.key_id
     WHERE c.artifact_sha256 = $1)sql"};
const db::Query kContentKeys{"encryption.content_keys", R"sql(
    SELECT c.content_key_id, c.key_id, k.name, c.product, c.version, c.artifact_name, c.artifact_sha256, c.bits, c.origin,
           c.wrapped, c.creator, c.created_at, c.entry_id
      FROM content_key AS c JOIN encryption_key AS k ON k.key_id = c.key_id
     WHERE c.content_key_id < $1 ORDER BY c.content_key_id DESC LIMIT $2)sql"};
const db::Query kArtifactsFrom{"encryption.artifacts_from", R"sql(
    SELECT artifact_sha256 FROM content_key
     WHERE artifact_sha256 >= $1 AND artifact_sha256 < $2 ORDER BY artifact_sha256 LIMIT 2)sql"};
const db::Query kUses{"encryption.uses", R"sql(
    SELECT use_id, form, file_name, file_sha256, person, wrapped_at
      FROM content_key_use WHERE content_key_id = $1 ORDER BY use_id)sql"};
const db::Query kWraps{"encryption.wraps", R"sql(
    SELECT r.name FROM content_key_wrap AS w JOIN encryption_recipient AS r ON r.recipient_id = w.recipient_id
     WHERE w.use_id = $1 ORDER BY w.recipient_id)sql"};
const db::Query kExposures{"encryption.exposures", R"sql(
    SELECT c.product, c.version, c.artifact_name, c.artifact_sha256, u.form, u.file_name, u.file_sha256, u.wrapped_at
      FROM content_key_wrap AS w
      JOIN content_key_use AS u ON u.use_id = w.use_id
      JOIN content_key AS c ON c.content_key_id = u.content_key_id
     WHERE w.recipient_id = $1 ORDER BY w.use_id)sql"};

const db::Query kInsertKey{"encryption.insert_key", R"sql(
    INSERT INTO encryption_key (key_id, entry_id, name, key_class, environment, token_id, fingerprint, created_at)
    VALUES ($1, $2, $3, 'encryption', $4, $5, $6, $7))sql"};
const db::Query kInsertPermit{"encryption.insert_permit", R"sql(
    INSERT INTO encryption_permit (permit_id, entry_id, key_id, person, recipient_group, allowed, decided_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7))sql"};
const db::Query kInsertRecipient{"encryption.insert_recipient", R"sql(
    INSERT INTO encryption_recipient (recipient_id, entry_id, name, recipient_group, algorithm, public_key, certificate,
                                      fingerprint, added_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};
const db::Query kInsertRevocation{"encryption.insert_revocation", R"sql(
    INSERT INTO encryption_revocation (revocation_id, entry_id, recipient_id, reason, revoked_at)
    VALUES ($1, $2, $3, $4, $5))sql"};
const db::Query kInsertContentKey{"encryption.insert_content_key", R"sql(
    INSERT INTO content_key (content_key_id, entry_id, key_id, product, version, artifact_name, artifact_sha256, bits, origin,
                             wrapped, creator, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))sql"};
const db::Query kInsertUse{"encryption.insert_use", R"sql(
    INSERT INTO content_key_use (use_id, entry_id, content_key_id, form, file_name, file_sha256, person, wrapped_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};
const db::Query kInsertWrap{"encryption.insert_wrap", R"sql(
    INSERT INTO content_key_wrap (wrap_id, entry_id, use_id, recipient_id) VALUES ($1, $2, $3, $4))sql"};

const ledger::ProvenTable kKeyTable{"encryption_key", "key_id",
                                    "key_id, name, key_class, environment, token_id, fingerprint, created_at"};
const ledger::ProvenTable kPermitTable{"encryption_permit", "permit_id",
                                       "permit_id, key_id, person, recipient_group, allowed, decided_at"};
const ledger::ProvenTable kRecipientTable{
    "encryption_recipient", "recipient_id",
    "recipient_id, name, recipient_group, algorithm, public_key, certificate, fingerprint, added_at"};
const ledger::ProvenTable kRevocationTable{"encryption_revocation", "revocation_id",
                                           "revocation_id, recipient_id, reason, revoked_at"};
const ledger::ProvenTable kContentKeyTable{"content_key", "content_key_id",
                                           "content_key_id, key_id, product, version, artifact_name, artifact_sha256, "
                                           "bits, origin, wrapped, creator, created_at"};
const ledger::ProvenTable kUseTable{"content_key_use", "use_id",
                                    "use_id, content_key_id, form, file_name, file_sha256, person, wrapped_at"};
const ledger::ProvenTable kWrapTable{"content_key_wrap", "wrap_id", "wrap_id, use_id, recipient_id"};

EncryptionKey read_key(const db::Row& row) {
  EncryptionKey key{.id = row.int64(0),
                    .name = row.string(1),
                    .environment = row.string(2),
                    .kek = {.label = row.string(1), .id = from_hex(row.string(3)).value_or(Bytes())},
                    .created_at = row.time(5),
                    .entry = row.int64(6)};
  const auto fingerprint = from_hex(row.string(4)).value_or(Bytes());
  if (fingerprint.size() == key.kek.fingerprint.size()) std::ranges::copy(fingerprint, key.kek.fingerprint.begin());
  return key;
}

Permit read_permit(const db::Row& row) { return {row.string(0), row.string(1), row.string(2) == "yes", row.time(3)}; }

// A row whose key is none gives a recipient with an empty key, for which nothing can be wrapped.
Recipient read_recipient(const db::Row& row) {
  Recipient recipient{.id = row.int64(0),
                      .name = row.string(1),
                      .group = row.string(2),
                      .key = {},
                      .fingerprint = row.string(5),
                      .added_at = row.time(6),
                      .revocation = {}};
  const auto certificate = row.string(4);
  auto key = crypto::recipient_key_of(from_hex(certificate.empty() ? row.string(3) : certificate).value_or(Bytes()));
  if (key && to_hex(key->fingerprint()) == recipient.fingerprint) recipient.key = *std::move(key);
  if (const auto at = row.int64_or_none(8)) recipient.revocation = Revocation{row.string(7), time_of(*at)};
  return recipient;
}

ContentKey read_content_key(const db::Row& row) {
  return {.id = row.int64(0),
          .key_id = row.int64(1),
          .key = row.string(2),
          .product = row.string(3),
          .version = row.string(4),
          .artifact_name = row.string(5),
          .artifact_sha256 = row.string(6),
          .bits = row.int64(7),
          .origin = row.string(8),
          .wrapped = from_hex(row.string(9)).value_or(Bytes()),
          .creator = row.string(10),
          .created_at = row.time(11),
          .entry = row.int64(12)};
}

}  // namespace

Result<std::optional<EncryptionKey>> Store::key(std::string_view name) const { return db_.find(kKey, read_key, name); }
Result<std::vector<EncryptionKey>> Store::keys() const { return db_.select(kKeys, read_key); }
Result<std::vector<Permit>> Store::permits(std::int64_t key_id) const {
  return db_.select(kPermits, read_permit, key_id);
}
Result<std::vector<Permit>> Store::permits_of(std::int64_t key_id, std::string_view person) const {
  return db_.select(kPermitsOf, read_permit, key_id, person);
}

Result<std::optional<Recipient>> Store::recipient(std::string_view name) const {
  return db_.find(kRecipient, read_recipient, name);
}
Result<std::optional<Recipient>> Store::recipient_with(std::string_view fingerprint) const {
  return db_.find(kRecipientWith, read_recipient, fingerprint);
}
Result<std::vector<Recipient>> Store::recipients(std::string_view group) const {
  return db_.select(kRecipientsOf, read_recipient, group);
}
Result<std::vector<Recipient>> Store::recipients_after(std::string_view group, std::string_view name,
                                                       std::int64_t limit) const {
  return db_.select(kRecipients, read_recipient, group, name, limit);
}

Result<std::optional<ContentKey>> Store::content_key(std::string_view artifact_sha256) const {
  return db_.find(kContentKey, read_content_key, artifact_sha256);
}
Result<std::vector<std::string>> Store::artifacts_from(std::string_view beginning) const {
  return db_.select(
      kArtifactsFrom, [](const db::Row& row) { return row.string(0); }, beginning, std::string(beginning) + "g");
}
Result<std::vector<ContentKey>> Store::content_keys(std::int64_t before, std::int64_t limit) const {
  return db_.select(kContentKeys, read_content_key, before, limit);
}
Result<std::vector<Use>> Store::uses(std::int64_t content_key_id) const {
  HF_TRY(auto uses,
         db_.select(
             kUses,
             [](const db::Row& row) {
               return Use{row.int64(0), row.string(1), row.string(2), row.string(3), row.string(4), row.time(5), {}};
             },
             content_key_id));
  for (auto& use : uses) {
    HF_TRY(use.recipients, db_.select(
                               kWraps, [](const db::Row& row) { return row.string(0); }, use.id));
  }
  return uses;
}
Result<std::vector<Exposure>> Store::exposures(std::int64_t recipient_id) const {
  return db_.select(
      kExposures,
      [](const db::Row& row) {
        return Exposure{row.string(0), row.string(1), row.string(2), row.string(3),
                        row.string(4), row.string(5), row.string(6), row.time(7)};
      },
      recipient_id);
}

Result<void> insert_key(ledger::Transaction& transaction, ledger::EntryId entry, const EncryptionKey& key) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertKey, id, entry, key.name, key.environment, to_hex(key.kek.id), to_hex(key.kek.fingerprint),
                      transaction.now()));
  return transaction.prove(entry, kKeyTable, id);
}

Result<void> insert_permit(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t key_id,
                           const Permit& permit) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertPermit, id, entry, key_id, permit.person, permit.group, permit.allowed ? "yes" : "no",
                      transaction.now()));
  return transaction.prove(entry, kPermitTable, id);
}

Result<void> insert_recipient(ledger::Transaction& transaction, ledger::EntryId entry, const Recipient& recipient) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertRecipient, id, entry, recipient.name, recipient.group, name_of(recipient.key.algorithm),
                      to_hex(recipient.key.spki), to_hex(recipient.key.certificate), recipient.fingerprint,
                      transaction.now()));
  return transaction.prove(entry, kRecipientTable, id);
}

Result<void> insert_revocation(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t recipient_id,
                               std::string_view reason) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertRevocation, id, entry, recipient_id, reason, transaction.now()));
  return transaction.prove(entry, kRevocationTable, id);
}

Result<void> insert_content_key(ledger::Transaction& transaction, ledger::EntryId entry, const ContentKey& key) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertContentKey, id, entry, key.key_id, key.product, key.version, key.artifact_name,
                      key.artifact_sha256, key.bits, key.origin, to_hex(key.wrapped), key.creator, transaction.now()));
  return transaction.prove(entry, kContentKeyTable, id);
}

Result<std::int64_t> insert_use(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t content_key_id,
                                const Use& use) {
  const auto& db = transaction.db();
  HF_TRY(const auto id, db.next_id());
  HF_CHECK(db.execute(kInsertUse, id, entry, content_key_id, use.form, use.file_name, use.file_sha256, use.person,
                      transaction.now()));
  HF_CHECK(transaction.prove(entry, kUseTable, id));
  return id;
}

Result<void> insert_wraps(ledger::Transaction& transaction, ledger::EntryId entry, std::int64_t use_id,
                          std::span<const Recipient> recipients) {
  const auto& db = transaction.db();
  for (const auto& recipient : recipients) {
    HF_TRY(const auto wrap, db.next_id());
    HF_CHECK(db.execute(kInsertWrap, wrap, entry, use_id, recipient.id));
    HF_CHECK(transaction.prove(entry, kWrapTable, wrap));
  }
  return {};
}

}  // namespace hf::encryption
