#include "accounts/credentials.h"

#include <algorithm>

#include "accounts/credential_store.h"
#include "crypto/base64url.h"
#include "crypto/constant_time.h"
#include "crypto/hmac.h"
#include "crypto/random.h"

namespace hf::accounts {
namespace {

constexpr std::size_t kNameMax = 64, kHostMax = 253;
constexpr std::int64_t kCredentialsMax = 50;
constexpr std::size_t kRandomSize = 16, kTimeSize = 8, kMacSize = 32;
constexpr std::chrono::minutes kPatience{5};

auto no_site() {
  return fail(ErrorKind::invalid, "HF-ACCOUNT-0016",
              "an authenticator is registered at a name, not at an IP address: open the UI under its host name");
}

bool is_plain(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(),
                                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

crypto::Sha256 mac_of(std::string_view session_token, ByteView said) {
  constexpr std::string_view kPurpose = "webauthn-registration:";
  Bytes message(kPurpose.begin(), kPurpose.end());
  message.insert(message.end(), said.begin(), said.end());
  return crypto::hmac_sha256(bytes_of(session_token), message);
}

}  // namespace

Result<Site> site_of_host(std::string_view host) {
  const auto name = host.substr(0, host.find(':'));
  const auto port = name.size() == host.size() ? std::string_view() : host.substr(name.size() + 1);
  const auto fits = [](std::string_view text, std::string_view more) {
    return std::all_of(text.begin(), text.end(), [&](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || more.find(c) != more.npos;
    });
  };
  const bool digits = std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  const auto last = name.substr(name.rfind('.') + 1);  // of an IPv4 address it is a number
  if (name.empty() || name.size() > kHostMax || !fits(name, "-.") || !digits || port.size() > 5 ||
      (name.size() != host.size() && port.empty()) || last.empty() ||
      std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return no_site();
  // A browser leaves the default port away in an origin, and so it does in Host.
  return Site{std::string(name), "https://" + std::string(port == "443" ? name : host)};
}

Result<Site> site_of_origin(std::string_view origin) {
  constexpr std::string_view kScheme = "https://";
  if (!origin.starts_with(kScheme)) return no_site();
  return site_of_host(origin.substr(kScheme.size()));
}

std::chrono::minutes CredentialBook::patience() { return kPatience; }

Bytes CredentialBook::challenge(std::string_view session_token) const {
  auto said = crypto::random_bytes(kRandomSize);
  const auto ends = std::uint64_t((clock_.now() + kPatience).time_since_epoch().count());
  for (int shift = 56; shift >= 0; shift -= 8) said.push_back(std::uint8_t(ends >> shift));
  const auto mac = mac_of(session_token, said);
  said.insert(said.end(), mac.begin(), mac.end());
  return said;
}

Result<Credential> CredentialBook::add(const ledger::Actor& actor, AccountId account, const Site& site,
                                       std::string_view session_token, const NewCredential& wanted) {
  if (wanted.name.empty() || wanted.name.size() > kNameMax || !is_plain(wanted.name))
    return fail(ErrorKind::invalid, "HF-ACCOUNT-0018",
                "an authenticator's name takes 1 to 64 characters: say which one it is");
  const auto over = [] {
    return fail(ErrorKind::conflict, "HF-ACCOUNT-0017",
                "the challenge is over, or was given to another session; register again");
  };
  if (wanted.challenge.size() != kRandomSize + kTimeSize + kMacSize) return over();
  const auto said = ByteView(wanted.challenge).first(kRandomSize + kTimeSize);
  if (!crypto::equal_in_constant_time(mac_of(session_token, said), ByteView(wanted.challenge).last(kMacSize)))
    return over();
  std::uint64_t ends = 0;
  for (const auto byte : said.last(kTimeSize)) ends = ends << 8 | byte;
  HF_TRY(auto made, crypto::verify_registration({.rp_id = site.rp_id,
                                                 .origin = site.origin,
                                                 .challenge = wanted.challenge,
                                                 .client_data = wanted.client_data,
                                                 .attestation_object = wanted.attestation_object}));
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<Credential> {
    if (std::uint64_t(transaction.now().time_since_epoch().count()) > ends) return over();
    const CredentialStore store(transaction.db());
    Credential one{.id = {},
                   .account = account,
                   .name = wanted.name,
                   .credential_id = crypto::to_base64url(made.id),
                   .rp_id = site.rp_id,
                   .origin = site.origin,
                   .key = made.key,
                   .self_attested = made.self_attested,
                   .backed_up = made.backed_up,
                   .registered_at = transaction.now()};
    HF_TRY(const auto known, store.is_known(one.credential_id));
    HF_TRY(const auto theirs, store.ids_of(account, kCredentialsMax));
    if (known || std::int64_t(theirs.size()) >= kCredentialsMax)
      return fail(ErrorKind::conflict, "HF-ACCOUNT-0019",
                  known ? "this credential was registered before; register the authenticator anew"
                        : "a person has at most 50 authenticators; remove one that is not used");
    HF_TRY(const auto number, transaction.db().next_id());
    one.id = CredentialId{number};
    HF_TRY(const auto entry, transaction.append("credential.registered", {subject_of(one.id), subject_of(account)},
                                                {{"fingerprint", to_hex(crypto::fingerprint_of(one.key))},
                                                 {"origin", one.origin},
                                                 {"attestation", one.self_attested ? "self" : "none"}}));
    one.entry = entry.value;
    HF_CHECK(insert_credential(transaction, entry, one));
    return one;
  });
}

Result<void> CredentialBook::remove(const ledger::Actor& actor, AccountId account, CredentialId id) {
  return ledger::write(database_, clock_, actor, [&](ledger::Transaction& transaction) -> Result<void> {
    HF_TRY(const auto found, CredentialStore(transaction.db()).find(id));
    if (!found || found->account != account || found->removed_at)
      return fail(ErrorKind::not_found, "HF-ACCOUNT-0036", "there is no such authenticator");
    HF_TRY(const auto entry, transaction.append("credential.removed", {subject_of(id), subject_of(account)},
                                                {{"fingerprint", to_hex(crypto::fingerprint_of(found->key))}}));
    return remove_credential(transaction, entry, id);
  });
}

Result<std::vector<Credential>> CredentialBook::list(AccountId account, CredentialId after, std::int64_t limit) const {
  return database_.read([&](const db::Reader& reader) { return CredentialStore(reader).of(account, after, limit); });
}

Result<std::vector<std::string>> CredentialBook::ids(AccountId account) const {
  return database_.read(
      [&](const db::Reader& reader) { return CredentialStore(reader).ids_of(account, kCredentialsMax); });
}

}  // namespace hf::accounts
