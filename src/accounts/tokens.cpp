// API tokens: scoped, expiring, kept hashed.
#include <algorithm>

#include "accounts/service.h"
#include "crypto/random.h"

namespace hf::accounts {
namespace {

constexpr std::string_view kPrefix = "hft_";  // so that scanners of leaked secrets know one
constexpr std::size_t kNameMax = 64, kTokenMax = 128;
constexpr std::chrono::hours kSeenGrain{1};

auto refuse(std::string why) { return fail(ErrorKind::invalid, "HF-ACCOUNT-0013", std::move(why)); }

bool is_plain(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

Result<CreatedToken> Service::create_token(const ledger::Actor& actor, AccountId owner, const NewToken& wanted) {
  if (wanted.name.empty() || wanted.name.size() > kNameMax || !is_plain(wanted.name)) return refuse("a token's name takes 1 to 64 characters: say what it is for");
  auto scopes = wanted.scopes;
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
  if (scopes.empty()) return refuse("a token needs at least one scope");
  const auto random = crypto::random_token();
  crypto::Secret secret(kPrefix.size() + random.size());
  std::copy(kPrefix.begin(), kPrefix.end(), secret.data());
  std::copy(random.bytes().begin(), random.bytes().end(), secret.data() + kPrefix.size());

  auto token = ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<ApiToken> {
    const auto now = transaction.now();
    const auto expires_at = wanted.expires_at.value_or(now + settings_.token_default);
    if (expires_at <= now || expires_at > now + settings_.token_max)
      return refuse("a token ends in the future, within " + std::to_string(settings_.token_max.count() / 24) + " days");
    HF_TRY(auto account, Store(transaction.db()).find(owner));
    if (!account || account->disabled) return fail(ErrorKind::not_found, "HF-ACCOUNT-0009", "there is no such user");
    const auto allowed = permissions_of(account->roles);
    for (const auto& scope : scopes)
      if (!std::binary_search(allowed.begin(), allowed.end(), scope)) return refuse("the owner does not have the permission '" + scope.substr(0, 64) + "'");
    HF_TRY(const auto number, transaction.db().next_id());
    const ApiTokenId id{number};
    HF_TRY(const auto entry, transaction.append("token.created", {subject_of(id), subject_of(owner)}, {{"scopes", JsonArray(scopes.begin(), scopes.end())}}));
    HF_CHECK(insert_token(transaction, entry, id, owner, wanted.name, digest_of_token(secret.text()), scopes, expires_at));
    return ApiToken{id, *std::move(account), wanted.name, scopes, now, expires_at, {}, {}};
  });
  if (!token) return fail(std::move(token).error());
  return CreatedToken{*std::move(token), std::move(secret)};
}

Result<std::optional<ApiToken>> Service::token(std::string_view secret) {
  if (!secret.starts_with(kPrefix) || secret.size() > kTokenMax) return std::optional<ApiToken>{};
  const auto digest = digest_of_token(secret);
  HF_TRY(auto found, database_.read([&](const db::Reader& reader) { return Store(reader).token(digest); }));
  const auto now = clock_.now();
  if (!found || found->account.disabled || found->revoked_at || found->expires_at <= now) return std::optional<ApiToken>{};
  if (!found->seen_at || now - *found->seen_at >= kSeenGrain) {
    const auto marked = database_.write([&](db::Writer& writer) { return mark_seen(writer, found->id, now); });
    if (marked) found->seen_at = now;
  }
  return found;
}

Result<void> Service::revoke_token(const ledger::Actor& actor, ApiTokenId id, std::optional<AccountId> owner) {
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto token, Store(transaction.db()).token(id));
    if (!token || token->revoked_at || (owner && token->account.id != *owner))
      return fail(ErrorKind::not_found, "HF-ACCOUNT-0014", "there is no such token");
    HF_TRY(const auto entry, transaction.append("token.revoked", {subject_of(id), subject_of(token->account.id)}));
    return accounts::revoke_token(transaction, entry, id);
  });
}

Result<std::vector<ApiToken>> Service::tokens(std::optional<AccountId> owner, ApiTokenId after, std::int64_t limit) {
  return database_.read([&](const db::Reader& reader) {
    return owner ? Store(reader).tokens_of(*owner, after, limit) : Store(reader).tokens(after, limit);
  });
}

}  // namespace hf::accounts
