// Signing in and out.
#include <algorithm>

#include "accounts/service.h"
#include "crypto/constant_time.h"
#include "crypto/hmac.h"
#include "crypto/random.h"

namespace hf::accounts {
namespace {

// What a guesser may exhaust: one account from one address, one account from anywhere, anything from one address.
// Hashed, because a name that was mistyped may be a password.
std::string failure_subject(std::string_view kind, std::string_view what) {
  return std::string(kind) + ":" + to_hex(crypto::sha256({bytes_of(what)}));
}
std::string pair_subject(std::string_view name, std::string_view address) {
  return failure_subject("pair", std::string(name) + '\0' + std::string(address));
}
std::string name_subject(std::string_view name) { return failure_subject("name", name); }
std::string address_subject(std::string_view address) { return failure_subject("address", address); }

// Long names are no names; they must not become long work.
std::string folded(std::string_view name) { return to_lower(name.substr(0, 256)); }

constexpr std::chrono::minutes kSeenGrain{1};

}  // namespace

crypto::Sha256 digest_of_token(std::string_view token) { return crypto::sha256({bytes_of(token)}); }

std::string csrf_token(std::string_view session_token) {
  auto text = to_base64(crypto::hmac_sha256(bytes_of(session_token), bytes_of("csrf")));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

Service::Service(db::Database& database, const Clock& clock, Settings settings)
    : database_(database), clock_(clock), settings_(settings), hashing_(settings.hashing_at_once) {}

namespace {

struct Turn {
  std::counting_semaphore<64>& semaphore;
  bool taken;
  explicit Turn(std::counting_semaphore<64>& s) : semaphore(s), taken(s.try_acquire()) {}
  ~Turn() {
    if (taken) semaphore.release();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
};

auto too_busy() {
  return fail(ErrorKind::unavailable, "HF-ACCOUNT-0012", "too many are signing in at once; try again in a second");
}

}  // namespace

Result<std::string> Service::hash(std::string_view password) {
  const Turn turn(hashing_);
  if (!turn.taken) return too_busy();
  return crypto::hash_password(password, settings_.password_cost);
}

Result<crypto::PasswordMatch> Service::compare(const std::optional<Credentials>& known, std::string_view password) {
  const Turn turn(hashing_);
  if (!turn.taken) return too_busy();
  std::call_once(decoy_made_, [&] {
    if (auto made = crypto::hash_password(crypto::random_token().text(), settings_.password_cost))
      decoy_ = *std::move(made);
  });
  if (password.empty() || password.size() > crypto::kPasswordMax) password = "-";  // the same work, and no match
  auto match = crypto::verify_password(password, known ? known->password : decoy_, settings_.password_cost);
  HF_CHECK(match);
  return known ? *match : crypto::PasswordMatch::no;
}

Result<void> Service::check_throttle(std::string_view name, std::string_view address) {
  const auto since = clock_.now() - settings_.failure_window;
  const auto blocked = database_.read([&](const db::Reader& reader) -> Result<bool> {
    const Store store(reader);
    HF_TRY(const auto pair, store.failures(pair_subject(name, address), since));
    HF_TRY(const auto account, store.failures(name_subject(name), since));
    HF_TRY(const auto from, store.failures(address_subject(address), since));
    return pair >= settings_.failures_per_account_and_address || account >= settings_.failures_per_account ||
           from >= settings_.failures_per_address;
  });
  if (!blocked) return fail(blocked.error());
  if (*blocked)
    return fail(ErrorKind::limit, "HF-ACCOUNT-0011",
                "too many failed attempts; wait " + std::to_string(settings_.failure_window.count()) + " minutes");
  return {};
}

Result<void> Service::note_failure(std::string_view name, std::string_view address) {
  const auto now = clock_.now(), began = now - settings_.failure_window;
  return database_.write([&](db::Writer& writer) -> Result<void> {
    HF_CHECK(forget_failures_before(writer, began));
    // In one order, so that two servers cannot wait for each other.
    auto subjects = std::vector{pair_subject(name, address), name_subject(name), address_subject(address)};
    std::sort(subjects.begin(), subjects.end());
    for (const auto& subject : subjects) HF_CHECK(count_failure(writer, subject, now, began));
    return {};
  });
}

Result<SignedIn> Service::sign_in(std::string_view typed_name, std::string_view password, std::string_view address) {
  const auto name = folded(typed_name);
  HF_CHECK(check_throttle(name, address));
  std::optional<Credentials> known;
  // What cannot be a name is not asked for (PostgreSQL refuses U+0000 in a text), but costs the same work below.
  if (is_utf8(name) && name.find('\0') == std::string::npos) {
    HF_TRY(known, database_.read([&](const db::Reader& reader) { return Store(reader).by_name(name); }));
  }
  HF_TRY(const auto match, compare(known, password));
  if (match == crypto::PasswordMatch::no || known->account.disabled) {
    HF_CHECK(note_failure(name, address));
    return fail(ErrorKind::unauthenticated, "HF-ACCOUNT-0010", "the name or the password is wrong");
  }
  std::optional<std::string> rehashed;
  if (match == crypto::PasswordMatch::yes_rehash) {
    HF_TRY(rehashed, hash(password));
  }

  auto token = crypto::random_token();
  const ledger::Actor actor{subject_of(known->account.id), join(known->account.roles)};
  auto session = ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<Session> {
    const Store store(transaction.db());
    // The account may have changed while the password was compared.
    HF_TRY(auto still, store.credentials(known->account.id));
    if (!still || still->account.disabled || still->password != known->password)
      return fail(ErrorKind::unauthenticated, "HF-ACCOUNT-0010", "the name or the password is wrong");
    auto& account = still->account;
    HF_TRY(const auto entry, transaction.append("session.started", {subject_of(account.id)}));
    if (rehashed) HF_CHECK(update_account(transaction, entry, account, *rehashed));
    HF_TRY(const auto open, store.open_sessions(account.id));
    const auto room = std::max<std::size_t>(settings_.sessions_per_account, 1) - 1;
    for (std::size_t i = 0; i + room < open.size(); ++i) HF_CHECK(end_session(transaction, entry, open[i]));
    const auto expires_at = transaction.now() + settings_.session_max;
    HF_TRY(const auto id, insert_session(transaction, entry, account.id, digest_of_token(token.text()), expires_at));
    HF_CHECK(forget_failures(transaction.db(), pair_subject(name, address)));
    return Session{id, account, transaction.now(), expires_at, transaction.now()};
  });
  if (!session) return fail(std::move(session).error());
  return SignedIn{*std::move(session), std::move(token)};
}

Result<std::optional<Session>> Service::session(std::string_view token) {
  const auto digest = digest_of_token(token);
  HF_TRY(auto found, database_.read([&](const db::Reader& reader) { return Store(reader).open_session(digest); }));
  const auto now = clock_.now();
  if (!found || found->account.disabled || found->expires_at <= now ||
      now - found->seen_at > settings_.session_idle + kSeenGrain)
    return std::optional<Session>{};
  if (now - found->seen_at >= kSeenGrain) {
    // A read-only database must not sign people out: a session that could not be marked only ends earlier.
    const auto marked = database_.write([&](db::Writer& writer) { return mark_seen(writer, found->id, now); });
    if (marked) found->seen_at = now;
  }
  return found;
}

Result<void> Service::sign_out(const Session& session) {
  const ledger::Actor actor{subject_of(session.account.id), join(session.account.roles)};
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto entry, transaction.append("session.ended", {subject_of(session.account.id)}));
    return end_session(transaction, entry, session.id);
  });
}

Result<void> Service::change_own_password(const Session& session, std::string_view current, const std::string& next,
                                          std::string_view address) {
  const auto& account = session.account;
  HF_CHECK(check_password_rules(account.name, next));
  HF_CHECK(check_throttle(account.name, address));
  HF_TRY(const auto known,
         database_.read([&](const db::Reader& reader) { return Store(reader).credentials(account.id); }));
  HF_TRY(const auto match, compare(known, current));
  if (match == crypto::PasswordMatch::no) {
    HF_CHECK(note_failure(account.name, address));
    // Not 401: the session holds, and a client must not throw it away.
    return fail(ErrorKind::forbidden, "HF-ACCOUNT-0010", "the current password is wrong");
  }
  HF_TRY(const auto hashed, hash(next));
  return ledger::write(
      database_, clock_, {subject_of(account.id), join(account.roles)},
      [&](ledger::Transaction& transaction) -> Result<void> {
        const Store store(transaction.db());
        HF_TRY(const auto still, store.credentials(account.id));
        if (!still || still->account.disabled || still->password != known->password)
          return fail(ErrorKind::conflict, "HF-ACCOUNT-0010", "the account was changed meanwhile; sign in again");
        HF_TRY(const auto entry,
               transaction.append("account.changed", {subject_of(account.id)}, {{"new_password", true}}));
        HF_CHECK(update_account(transaction, entry, still->account, hashed));
        HF_TRY(const auto open, store.open_sessions(account.id));
        for (const auto id : open)
          if (id != session.id) HF_CHECK(end_session(transaction, entry, id));
        return {};
      });
}

}  // namespace hf::accounts
