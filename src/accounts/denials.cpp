#include "accounts/denials.h"

#include "crypto/hmac.h"
#include "crypto/random.h"
#include "ledger/transaction.h"

namespace hf::accounts {
namespace {

const db::Query kInsert{"accounts.insert_denied_attempt", R"sql(
    INSERT INTO denied_attempt (denied_id, entry_id, principal, address, salt, origin, method, path, code, attempts, first_at, last_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12))sql"};
const ledger::ProvenTable kTable{"denied_attempt", "denied_id",
                                 "denied_id, principal, origin, method, path, code, attempts, first_at, last_at"};

constexpr std::size_t kPathMax = 256;
constexpr std::string_view kMany = "(many)";

}  // namespace

DenialRecorder::~DenialRecorder() { flush(); }

void DenialRecorder::denied(const net::Request& request, int, std::string_view code) {
  const auto now = clock_.now();
  const auto minute = micros(now) / 60'000'000;
  Pending over;
  Attempts first;
  {
    const std::lock_guard lock(mutex_);
    if (minute != minute_) {
      over.swap(pending_);
      minute_ = minute;
    }
    Key key{request.principal.id, request.peer.address};
    if (!pending_.contains(key) && pending_.size() >= kKeysMax) key = {std::string(kMany), std::string(kMany)};
    // The pattern, not what was sent: paths may name people and things.
    auto [at, fresh] = pending_.try_emplace(key, Attempts{key.first, key.second, std::string(net::name_of(request.method)),
                                                          std::string(request.path_pattern.substr(0, kPathMax)), std::string(code), 0, now, now});
    auto& attempts = at->second;
    if (fresh) {
      first = attempts;
      first.count = 1;
    } else {
      if (attempts.count == 0) attempts.first_at = now;
      attempts.last_at = now;
      ++attempts.count;
    }
  }
  for (const auto& [key, attempts] : over)
    if (attempts.count > 0) write(attempts);
  if (first.count > 0) write(first);
}

void DenialRecorder::flush() {
  Pending over;
  {
    const std::lock_guard lock(mutex_);
    over = pending_;
    for (auto& [key, attempts] : pending_) attempts.count = 0;
  }
  for (const auto& [key, attempts] : over)
    if (attempts.count > 0) write(attempts);
}

void DenialRecorder::write(const Attempts& a) {
  const ledger::Actor actor{"system", "server"};
  const auto done = ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    const auto& writer = transaction.db();
    const auto salt = crypto::random_bytes(32);
    const auto origin = to_hex(crypto::hmac_sha256(salt, bytes_of(a.address)));
    HF_TRY(const auto id, writer.next_id());
    std::vector<std::string> subjects{"denied:" + std::to_string(id)};
    if (!a.principal.empty() && a.principal != kMany) subjects.push_back(a.principal);
    HF_TRY(const auto entry, transaction.append("access.denied", std::move(subjects), {{"attempts", a.count}, {"code", a.code}, {"method", a.method}, {"path", a.path}}));
    HF_CHECK(writer.execute(kInsert, id, entry, a.principal, a.address, salt, origin, a.method, a.path, a.code, a.count, a.first_at, a.last_at));
    return transaction.prove(entry, kTable, id);
  });
  // The answer is a refusal all the same; that its record could not be written must be seen.
  if (!done && log_)
    log_->error("denied_attempt_not_recorded", {{"problem", done.error().code}, {"detail", done.error().detail}, {"principal", a.principal}});
}

}  // namespace hf::accounts
