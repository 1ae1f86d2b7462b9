// Set-up and users.
#include <algorithm>

#include "accounts/service.h"
#include "crypto/constant_time.h"
#include "crypto/random.h"

namespace hf::accounts {
namespace {

constexpr std::size_t kNameMax = 64, kEmailMax = 254;       // RFC 5321 section 4.5.3.1.3
constexpr std::int64_t kAccountsLock = 0x68662d6163636e74;  // "hf-accnt": rules over all accounts

Result<std::string> check_name(std::string_view text) {
  auto name = to_lower(text);
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("._-@+").find(c) != std::string_view::npos;
  };
  if (name.empty() || name.size() > kNameMax || !std::all_of(name.begin(), name.end(), allowed))
    return fail(ErrorKind::invalid, "HF-ACCOUNT-0004", "a name takes 1 to 64 letters, digits and . _ - @ +");
  return name;
}

Result<void> check_email(const std::optional<std::string>& email) {
  if (!email) return {};
  const auto at = email->rfind('@');
  const bool plain = std::none_of(email->begin(), email->end(),
                                  [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
  if (at == std::string::npos || at == 0 || at + 1 == email->size() || email->size() > kEmailMax || !plain ||
      !is_utf8(*email))
    return fail(ErrorKind::invalid, "HF-ACCOUNT-0006", "that is not an e-mail address");
  return {};
}

std::size_t characters(std::string_view utf8) {
  return std::size_t(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

JsonArray names(const std::vector<std::string>& list) { return JsonArray(list.begin(), list.end()); }

Result<AccountId> add(ledger::Transaction& transaction, const NewAccountRow& row) {
  HF_TRY(const auto number, transaction.db().next_id());
  const AccountId id{number};
  HF_TRY(const auto entry, transaction.append("account.created", {subject_of(id)}, {{"roles", names(row.roles)}}));
  if (const auto done = insert_account(transaction, entry, id, row); !done) {
    if (done.error().code == "HF-DB-0002")
      return fail(ErrorKind::conflict, "HF-ACCOUNT-0007", "that name is taken", done.error().detail);
    return fail(done.error());
  }
  return id;
}

}  // namespace

Result<void> Service::check_password_rules(std::string_view name, std::string_view password) const {
  const auto refuse = [](std::string why) {
    return fail(ErrorKind::invalid, "HF-ACCOUNT-0005", "the password " + std::move(why));
  };
  if (!is_utf8(password)) return refuse("is not text");
  if (characters(password) < settings_.password_min)
    return refuse("needs at least " + std::to_string(settings_.password_min) + " characters; several words are good");
  if (password.size() > crypto::kPasswordMax)
    return refuse("is longer than " + std::to_string(crypto::kPasswordMax) + " bytes");
  if (to_lower(password) == name) return refuse("is the name");
  if (std::all_of(password.begin(), password.end(), [&](char c) { return c == password.front(); }))
    return refuse("repeats one character");
  return {};
}

Result<std::optional<crypto::Secret>> Service::setup_link() {
  HF_TRY(const auto count, database_.read([](const db::Reader& reader) { return Store(reader).count(); }));
  if (count > 0) return std::optional<crypto::Secret>{};
  auto token = crypto::random_token();
  HF_CHECK(
      ledger::write(database_, clock_, {"system", "server"}, [&](ledger::Transaction& transaction) -> Result<void> {
        HF_TRY(const auto entry, transaction.append("setup_link.created", {}));
        return insert_setup_link(transaction, entry, digest_of_token(token.text()),
                                 transaction.now() + settings_.setup_valid);
      }));
  return std::optional(std::move(token));
}

Result<Account> Service::set_up(std::string_view token, const NewAccount& wanted) {
  HF_TRY(const auto name, check_name(wanted.name));
  HF_CHECK(check_email(wanted.email));
  auto roles = wanted.roles;
  roles.emplace_back("administrator");
  HF_TRY(roles, check_roles(std::move(roles)));
  HF_CHECK(check_password_rules(name, wanted.password));
  const auto digest = digest_of_token(token);
  const auto check = [&](const db::Reader& reader) -> Result<std::int64_t> {
    const Store store(reader);
    HF_TRY(const auto count, store.count());
    if (count > 0)
      return fail(ErrorKind::conflict, "HF-ACCOUNT-0002", "this server is set up already; an administrator adds users");
    HF_TRY(const auto link, store.newest_setup_link());
    if (!link || !crypto::equal_in_constant_time(link->token_sha256, digest) || link->used_at ||
        link->expires_at <= clock_.now())
      return fail(
          ErrorKind::forbidden, "HF-ACCOUNT-0001",
          "the set-up link does not hold: it is used once, and ends after a day or when the server prints a new one");
    return link->id;
  };
  // Before the costly hash, and again in the transaction.
  HF_CHECK(database_.read(check));
  HF_TRY(const auto password, hash(wanted.password));
  return ledger::write(database_, clock_, {"system", "setup"},
                       [&](ledger::Transaction& transaction) -> Result<Account> {
                         HF_CHECK(transaction.db().lock(kAccountsLock));
                         HF_TRY(const auto link, check(transaction.db()));
                         HF_TRY(const auto id, add(transaction, {name, wanted.email, password, roles}));
                         HF_TRY(const auto entry, transaction.append("setup_link.used", {subject_of(id)}));
                         HF_CHECK(use_setup_link(transaction, entry, link));
                         return Account{id, name, wanted.email, roles, false, transaction.now(), transaction.now()};
                       });
}

Result<Account> Service::create(const ledger::Actor& actor, const NewAccount& wanted) {
  HF_TRY(const auto name, check_name(wanted.name));
  HF_CHECK(check_email(wanted.email));
  HF_TRY(const auto roles, check_roles(wanted.roles));
  HF_CHECK(check_password_rules(name, wanted.password));
  HF_TRY(const auto password, hash(wanted.password));
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<Account> {
    HF_TRY(const auto id, add(transaction, {name, wanted.email, password, roles}));
    return Account{id, name, wanted.email, roles, false, transaction.now(), transaction.now()};
  });
}

Result<Account> Service::change(const ledger::Actor& actor, AccountId id, const AccountChange& wanted) {
  std::optional<std::vector<std::string>> roles;
  if (wanted.roles) {
    HF_TRY(roles, check_roles(*wanted.roles));
  }
  HF_CHECK(check_email(wanted.email));
  const bool own = actor.name == subject_of(id);
  if (own && (roles || wanted.disabled == true))
    return fail(ErrorKind::forbidden, "HF-ACCOUNT-0008", "another administrator changes your roles or disables you");
  HF_TRY(const auto before, account(id));
  std::optional<std::string> password;
  if (wanted.password) {
    HF_CHECK(check_password_rules(before.name, *wanted.password));
    HF_TRY(password, hash(*wanted.password));
  }
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<Account> {
    HF_CHECK(transaction.db().lock(kAccountsLock));
    const Store store(transaction.db());
    HF_TRY(auto known, store.credentials(id));
    if (!known) return fail(ErrorKind::not_found, "HF-ACCOUNT-0009", "there is no such user");
    auto& account = known->account;
    if (roles) account.roles = *roles;
    if (wanted.disabled) account.disabled = *wanted.disabled;
    if (wanted.email) account.email = wanted.email;
    account.changed_at = transaction.now();
    HF_TRY(const auto entry, transaction.append("account.changed", {subject_of(id)},
                                                {{"roles", names(account.roles)},
                                                 {"disabled", account.disabled},
                                                 {"new_password", password.has_value()}}));
    HF_CHECK(update_account(transaction, entry, account, password.value_or(known->password)));
    HF_TRY(const auto administrators, store.active_administrators());
    if (administrators == 0) return fail(ErrorKind::conflict, "HF-ACCOUNT-0008", "one active administrator must stay");
    if (account.disabled || password) {
      HF_TRY(const auto sessions, store.open_sessions(id));
      for (const auto session : sessions) HF_CHECK(end_session(transaction, entry, session));
    }
    return account;
  });
}

Result<Account> Service::account(AccountId id) {
  HF_TRY(auto found, database_.read([&](const db::Reader& reader) { return Store(reader).find(id); }));
  if (!found) return fail(ErrorKind::not_found, "HF-ACCOUNT-0009", "there is no such user");
  return *std::move(found);
}

Result<std::vector<Account>> Service::accounts(AccountId after, std::int64_t limit) {
  return database_.read([&](const db::Reader& reader) { return Store(reader).list(after, limit); });
}

}  // namespace hf::accounts
