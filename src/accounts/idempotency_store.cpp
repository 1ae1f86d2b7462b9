#include "accounts/idempotency.h"

#include "crypto/constant_time.h"

namespace hf::accounts {
namespace {

// Old ones go a few at a time, by the index, with each new claim.
const db::Query kForget{"accounts.forget_idempotency_keys", R"sql(
    DELETE FROM idempotency_key WHERE (principal, key) IN (
      SELECT principal, key FROM idempotency_key WHERE created_at <= $1 ORDER BY created_at LIMIT 10))sql"};
const db::Query kForgetOne{"accounts.forget_idempotency_key", R"sql(
    DELETE FROM idempotency_key WHERE principal = $1 AND key = $2 AND (created_at <= $3 OR (status IS NULL AND created_at <= $4)))sql"};
const db::Query kClaim{"accounts.claim_idempotency_key", R"sql(
    INSERT INTO idempotency_key (principal, key, request_digest, created_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (principal, key) DO NOTHING)sql"};
const db::Query kFind{"accounts.find_idempotency_key", R"sql(
    SELECT request_digest, status, content_type, location, body FROM idempotency_key WHERE principal = $1 AND key = $2)sql"};
const db::Query kKeep{"accounts.keep_answer", R"sql(
    UPDATE idempotency_key SET status = $3, content_type = $4, location = $5, body = $6
     WHERE principal = $1 AND key = $2 AND status IS NULL)sql"};
const db::Query kGiveBack{"accounts.give_back_idempotency_key",
                          "DELETE FROM idempotency_key WHERE principal = $1 AND key = $2 AND status IS NULL"};

}  // namespace

Result<net::Idempotency::Claim> IdempotencyStore::claim(std::string_view principal, std::string_view key,
                                                        ByteView digest) {
  const auto now = clock_.now();
  return database_.write([&](db::Writer& writer) -> Result<Claim> {
    HF_CHECK(writer.execute(kForget, now - kKept));
    HF_CHECK(writer.execute(kForgetOne, principal, key, now - kKept, now - kAbandoned));
    HF_TRY(const auto fresh, writer.execute(kClaim, principal, key, digest, now));
    if (fresh == 1) return Claim{};
    auto found = writer.find(
        kFind,
        [&](const db::Row& row) {
          Claim claim{Claim::other_request, {}};
          if (!crypto::equal_in_constant_time(row.blob(0), digest)) return claim;
          claim.what = row.is_null(1) ? Claim::in_progress : Claim::replay;
          if (claim.what == Claim::replay)
            claim.kept = {int(row.int64(1)), row.string_or_none(2).value_or(""), row.string_or_none(3).value_or(""),
                          row.string_or_none(4).value_or("")};
          return claim;
        },
        principal, key);
    if (!found) return fail(std::move(found).error());
    if (!*found) return Claim{Claim::in_progress, {}};  // given back between the two statements
    return **std::move(found);
  });
}

Result<void> IdempotencyStore::keep(std::string_view principal, std::string_view key, const Kept& kept) {
  return database_.write([&](db::Writer& writer) -> Result<void> {
    HF_CHECK(writer.execute(kKeep, principal, key, kept.status, kept.content_type, kept.location, kept.body));
    return {};
  });
}

void IdempotencyStore::give_back(std::string_view principal, std::string_view key) {
  // If this fails the key comes free when it counts as abandoned.
  const auto done = database_.write([&](db::Writer& writer) -> Result<void> {
    HF_CHECK(writer.execute(kGiveBack, principal, key));
    return {};
  });
  static_cast<void>(done);
}

}  // namespace hf::accounts
