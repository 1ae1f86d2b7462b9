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
  return is_utf8(text) && std::none_of(text.begin(), text.end(),
                                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

crypto::Secret new_secret() {
  const auto random = crypto::random_token();
  crypto::Secret secret(kPrefix.size() + random.size());
  std::copy(kPrefix.begin(), kPrefix.end(), secret.data());
  std::copy(random.bytes().begin(), random.bytes().end(), secret.data() + kPrefix.size());
  return secret;
}

// As `openssl x509 -fingerprint -sha256` or `sha256sum` of the DER print it.
Result<std::string> fingerprint(std::string_view text) {
  std::string hex;
  for (const char c : text)
    if (c != ':') hex += c >= 'A' && c <= 'F' ? char(c - 'A' + 'a') : c;
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (hex.size() != 64 || !std::all_of(hex.begin(), hex.end(), is_hex))
    return refuse("certificate_sha256 takes the 64 hex digits of a SHA-256 fingerprint");
  return hex;
}

// No bearer token begins so: what a client sends as text is never taken for a certificate.
crypto::Sha256 digest_of_certificate(std::string_view sha256) {
  return digest_of_token("x509-sha256:" + std::string(sha256));
}

}  // namespace

Result<CreatedToken> Service::create_token(const ledger::Actor& actor, AccountId owner, const NewToken& wanted) {
  if (wanted.name.empty() || wanted.name.size() > kNameMax || !is_plain(wanted.name))
    return refuse("a token's name takes 1 to 64 characters: say what it is for");
  auto scopes = wanted.scopes;
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
  if (scopes.empty()) return refuse("a token needs at least one scope");
  std::optional<crypto::Secret> secret;
  std::optional<std::string> certificate;
  if (wanted.certificate_sha256) {
    HF_TRY(certificate, fingerprint(*wanted.certificate_sha256));
  } else {
    secret = new_secret();
  }
  const auto digest = secret ? digest_of_token(secret->text()) : digest_of_certificate(*certificate);

  auto token = ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<ApiToken> {
    const auto now = transaction.now();
    const auto expires_at = wanted.expires_at.value_or(now + settings_.token_default);
    if (expires_at <= now || expires_at > now + settings_.token_max)
      return refuse("a token ends in the future, within " + std::to_string(settings_.token_max.count() / 24) + " days");
    HF_TRY(auto account, Store(transaction.db()).find(owner));
    if (!account || account->disabled) return fail(ErrorKind::not_found, "HF-ACCOUNT-0009", "there is no such user");
    const auto allowed = permissions_of(account->roles);
    for (const auto& scope : scopes)
      if (!std::binary_search(allowed.begin(), allowed.end(), scope))
        return refuse("the owner does not have the permission '" + scope.substr(0, 64) + "'");
    if (certificate) {
      HF_TRY(const auto known, Store(transaction.db()).token(digest));
      if (known)
        return fail(ErrorKind::conflict, "HF-ACCOUNT-0015", "this certificate was registered before; issue a new one");
    }
    HF_TRY(const auto number, transaction.db().next_id());
    ApiToken made{ApiTokenId{number}, *std::move(account), wanted.name, scopes, now, expires_at, {}, {}, certificate};
    JsonObject details{{"scopes", JsonArray(scopes.begin(), scopes.end())}};
    if (certificate) details["certificate_sha256"] = *certificate;
    HF_TRY(const auto entry,
           transaction.append("token.created", {subject_of(made.id), subject_of(owner)}, std::move(details)));
    HF_CHECK(insert_token(transaction, entry, made, digest));
    return made;
  });
  if (!token) return fail(std::move(token).error());
  return CreatedToken{*std::move(token), std::move(secret)};
}

Result<std::optional<ApiToken>> Service::token(std::string_view secret) {
  if (!secret.starts_with(kPrefix) || secret.size() > kTokenMax) return std::optional<ApiToken>{};
  return valid_token(digest_of_token(secret));
}

Result<std::optional<ApiToken>> Service::token_of_certificate(std::string_view sha256) {
  return valid_token(digest_of_certificate(sha256));
}

Result<std::optional<ApiToken>> Service::valid_token(const crypto::Sha256& digest) {
  HF_TRY(auto found, database_.read([&](const db::Reader& reader) { return Store(reader).token(digest); }));
  const auto now = clock_.now();
  if (!found || found->account.disabled || found->revoked_at || found->expires_at <= now)
    return std::optional<ApiToken>{};
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
