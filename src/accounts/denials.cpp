#include "accounts/denials.h"

namespace hf::accounts {
namespace {

constexpr std::size_t kPathMax = 256;
constexpr std::string_view kMany = "(many)";

}  // namespace

DenialRecorder::~DenialRecorder() { flush(); }

void DenialRecorder::denied(const net::Request& request, int, std::string_view code) {
  const auto now = clock_.now();
  const auto minute = micros(now) / 60'000'000;
  Pending over;
  DeniedAttempts first;
  {
    const std::lock_guard lock(mutex_);
    if (minute != minute_) {
      over.swap(pending_);
      minute_ = minute;
    }
    Key key{request.principal.id, request.peer.address};
    if (!pending_.contains(key) && pending_.size() >= kKeysMax) key = {std::string(kMany), std::string(kMany)};
    // The pattern, not what was sent: paths may name people and things.
    auto [at, fresh] = pending_.try_emplace(
        key, DeniedAttempts{key.first, key.second, std::string(net::name_of(request.method)),
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

void DenialRecorder::write(const DeniedAttempts& a) {
  const ledger::Actor actor{"system", "server"};
  const auto done = ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    return insert_denied_attempts(transaction, a, a.principal != kMany);
  });
  // The answer is a refusal all the same; that its record could not be written must be seen.
  if (!done && log_)
    log_->error("denied_attempt_not_recorded",
                {{"problem", done.error().code}, {"detail", done.error().detail}, {"principal", a.principal}});
}

}  // namespace hf::accounts
