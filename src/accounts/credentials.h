// WebAuthn credentials that people register for their approvals (W3C Web Authentication Level 2, section 7.1). They
// open nothing here: what counts for a signature stands in the charter of its key, which the signer keeps. What is
// registered is the public key that a charter change can take in, with the person who showed it on the ledger.
#pragma once

#include "accounts/types.h"
#include "crypto/public_key.h"
#include "crypto/webauthn_registration.h"
#include "ledger/transaction.h"

namespace hf::accounts {

struct CredentialKind;
using CredentialId = Id<CredentialKind>;
[[nodiscard]] inline std::string subject_of(CredentialId id) { return "credential:" + std::to_string(id.value); }

struct Credential {
  CredentialId id;
  AccountId account;
  std::string name;
  std::string credential_id;  // base64url
  std::string rp_id, origin;
  crypto::PublicKey key;
  bool self_attested = false, backed_up = false;
  Time registered_at{};
  std::optional<Time> removed_at{};
  std::int64_t entry = 0;
};

// A site as browsers see it.
struct Site {
  std::string rp_id, origin;
};
// Of the address under which the browser asked: "holdfast.example:8443" gives "https://holdfast.example:8443" and
// "holdfast.example". HF-ACCOUNT-0016 for an address that is no name: WebAuthn has no relying party of an IP address.
[[nodiscard]] Result<Site> site_of_host(std::string_view host);
// Of "https://holdfast.example:8443". HF-ACCOUNT-0016.
[[nodiscard]] Result<Site> site_of_origin(std::string_view origin);

// What the browser hands over.
struct NewCredential {
  std::string name;  // 1 to 64 characters
  Bytes challenge, client_data, attestation_object;
};

class CredentialBook {
 public:
  CredentialBook(db::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // Good for five minutes and for the session alone whose token this is. Nothing is kept: the challenge carries its end
  // and a MAC under the token; used twice, it registers nothing, since an authenticator's credential is known then.
  [[nodiscard]] Bytes challenge(std::string_view session_token) const;
  [[nodiscard]] static std::chrono::minutes patience();

  // HF-ACCOUNT-0017 the challenge is another session's, or over; HF-ACCOUNT-0018 the name; HF-ACCOUNT-0019 the
  // credential was registered before, or the person has 50; HF-WEBAUTHN-*.
  Result<Credential> add(const ledger::Actor& actor, AccountId account, const Site& site,
                         std::string_view session_token, const NewCredential& wanted);
  // It is not offered for charters any more; a charter that names it still does. HF-ACCOUNT-0036 no such one of theirs.
  Result<void> remove(const ledger::Actor& actor, AccountId account, CredentialId id);
  [[nodiscard]] Result<std::vector<Credential>> list(AccountId account, CredentialId after, std::int64_t limit) const;
  [[nodiscard]] Result<std::vector<std::string>> ids(AccountId account) const;  // base64url, not removed

 private:
  db::Database& database_;
  const Clock& clock_;
};

}  // namespace hf::accounts
