// Keys and requests in a register, as a signer would have put them there: for tests that need no signer.
#pragma once

#include "keys/keys_test.h"
#include "keys/register.h"

namespace hf::keys::test {

// The charter's versions become one, of `key`.
inline StoredKey put_key(db::Database& database, const Clock& clock, Charter charter, const hf::test::TestKey& key) {
  const auto spki = crypto::to_spki(key.key());
  crypto::TokenKey pair{
      .label = charter.key + "-1", .pin = {{1, 2, 3}, crypto::sha256({spki})}, .public_key = key.key(), .custody = {}};
  pair.custody.local = pair.custody.sensitive = pair.custody.sign = true;
  pair.custody.extractable = false;
  charter.versions = {{.version = 1,
                       .algorithm = key.key().algorithm,
                       .id = pair.pin.id,
                       .fingerprint = pair.pin.fingerprint,
                       .state = VersionState::active}};
  const auto done =
      ledger::write(database, clock, {"user:9", ""}, [&](ledger::Transaction& transaction) -> Result<void> {
        HF_TRY(const auto entry, transaction.append("key.created", {"key:" + charter.key}, {}));
        return insert_key(transaction, entry, charter, {pair});
      });
  if (!done) throw std::runtime_error(done.error().message + done.error().detail);
  return database.read([&](const db::Reader& reader) { return Store(reader).key(charter.key); }).value().value();
}

// Its digest.
inline std::string put_request(db::Database& database, const Clock& clock, const SigningRequest& request,
                               std::string_view attachment) {
  const auto done =
      ledger::write(database, clock, {"user:9", ""}, [&](ledger::Transaction& transaction) -> Result<void> {
        HF_TRY(const auto key, Store(transaction.db()).key(request.key));
        HF_TRY(const auto entry, transaction.append("signing.requested", {"key:" + request.key}, {}));
        return insert_request(transaction, entry, key->id, request, attachment);
      });
  if (!done) throw std::runtime_error(done.error().message + done.error().detail);
  return digest_of(request);
}

inline std::string attachment_of(ByteView evidence) {
  return to_text(JsonObject{{"evidence", to_base64(evidence)}, {"certificate", ""}, {"intermediates", JsonArray{}}});
}

// A signature that somebody made under a request.
inline void put_signature(db::Database& database, const Clock& clock, const std::string& digest) {
  const auto done =
      ledger::write(database, clock, {"user:9", ""}, [&](ledger::Transaction& transaction) -> Result<void> {
        const Store store(transaction.db());
        HF_TRY(const auto stored, store.request(digest));
        HF_TRY(const auto key, store.key(stored->request.key));
        HF_TRY(const auto version, store.version(key->id, 1));
        HF_TRY(const auto entry, transaction.append("signature.made", {"request:" + digest}, {}));
        HF_TRY(const auto id, insert_signature(transaction, entry,
                                               {.request_id = stored->id,
                                                .key_version_id = version->id,
                                                .product = "px",
                                                .format = "text",
                                                .artifact_name = "fw.bin",
                                                .artifact_sha256 = std::string(64, '0'),
                                                .evidence_sha256 = stored->request.evidence_sha256,
                                                .requester = stored->request.requester,
                                                .scheme = crypto::SignatureScheme::ecdsa_p256_sha256,
                                                .made = {.signature = {1, 2}, .input = {}, .journal = 3, .head = {}}}));
        return insert_signed_artifact(transaction, entry, std::string(64, 'e'), id);
      });
  if (!done) throw std::runtime_error(done.error().message + done.error().detail);
}

inline SigningRequest grant_for(const Charter& charter, Time now, std::int64_t signatures = 2) {
  return {.kind = RequestKind::grant,
          .id = std::string(32, 'b'),
          .key = charter.key,
          .key_version = 1,
          .charter = digest_of(charter),
          .requester = "user:9",
          .person = "user:9",
          .reason = "nightly builds",
          .created_at = now,
          .expires_at = now + std::chrono::hours(24 * 7),
          .grant = Grant{.signatures = signatures, .products = {"px"}, .formats = {"text"}, .requesters = {"token:9"}}};
}

inline SigningRequest change_for(const Charter& in_force, const Charter& next, Time now) {
  return {.kind = RequestKind::charter,
          .id = std::string(32, 'c'),
          .key = in_force.key,
          .key_version = 1,
          .charter = digest_of(in_force),
          .requester = "user:9",
          .person = "user:9",
          .reason = "floor",
          .created_at = now,
          .expires_at = now + std::chrono::hours(in_force.approval.hours),
          .next_charter = digest_of(next)};
}

inline Charter successor_of(const Charter& in_force) {
  auto next = in_force;
  next.sequence = in_force.sequence + 1;
  next.previous = digest_of(in_force);
  next.policy.min_security_version = 4;
  return next;
}

}  // namespace hf::keys::test
