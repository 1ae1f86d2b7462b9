// Use cases of keys that need the signer: make one, ask for a signature, sign. The register and the ledger are written
// here; whether a signature may be made is decided by the signer process, with its own charters, journal and clock.
#pragma once

#include "keys/register.h"
#include "keys/signer/supervisor.h"

namespace hf::keys {

struct NewKey {
  Charter charter;  // without versions; sequence 1
  crypto::KeyAlgorithm algorithm{};
};

// What a person or a CI job asks for.
struct NewRequest {
  std::string key, product, format;
  std::optional<crypto::SignatureScheme> scheme{};  // else the first that charter, format and key have in common
  Bytes evidence{};
  Artifact artifact{};
  std::string requester, person, reason, branch{};
  std::int64_t uses = 1;
  Bytes certificate{};  // DER of the signer's certificate, for containers that carry one
  std::vector<Bytes> intermediates{};
  std::optional<std::chrono::hours> valid{};  // else the charter's
  bool break_glass = false;
};

struct NewGrant {
  std::string key;
  Grant grant;
  std::string requester, person, reason;
  std::chrono::hours valid{};
};

// A signature with all that its container needs.
struct Signed {
  std::int64_t id = 0;
  Bytes signature;
  Bytes evidence;
  SigningContext context;
  std::string format;
};

// What a token has that the register has not, or the other way round.
struct Discrepancy {
  std::string kind;  // "unknown", "missing", "orphan", "exportable", "not_only_signing"
  std::string key;   // of the register, or the token's label
  std::string fingerprint, why;
};

class Service : public Register {
 public:
  Service(db::Database& database, const Clock& clock, Signer& signer, Custodian::FormatFinder formats)
      : Register(database, clock, std::move(formats)), signer_(signer) {}

  // On the token, under its charter with the signer, and in the register. What an interruption left is taken up again.
  // HF-KEYS-0010 if there is a key of that name.
  Result<StoredKey> create_key(const NewKey& wanted, const ledger::Actor& actor);
  [[nodiscard]] Result<std::vector<Discrepancy>> discover();

  // Refused before anyone is asked if the policy would not allow it: HF-KEYS-0014 with everything that is lacking.
  Result<StoredRequest> ask(const NewRequest& wanted, const ledger::Actor& actor);
  Result<StoredRequest> ask(const NewGrant& wanted, const ledger::Actor& actor);
  // Another charter for its key: sequence and previous are set here.
  Result<StoredRequest> ask(Charter next, std::string_view requester, std::string_view person, std::string_view reason,
                            const ledger::Actor& actor);

  // Every rejection of a request that could still be used, to the signer, where it kills the request for good whatever
  // becomes of its row. sign(), sign_under() and put_in_force() begin with it.
  Result<void> hand_over_rejections();
  // A charter request that is approved comes into force.
  Result<StoredKey> put_in_force(std::string_view digest, const ledger::Actor& actor);

  // HF-SIGNER-0006 with everything that is lacking.
  Result<Signed> sign(std::string_view digest, const ledger::Actor& actor);
  // Under a standing grant, without asking anyone.
  Result<Signed> sign_under(std::string_view grant, const NewRequest& use, const ledger::Actor& actor);
  // The signed file: found as the artifact of a build by its digest.
  Result<void> record_file(std::int64_t signature, std::string_view sha256, const ledger::Actor& actor);

 private:
  Result<StoredRequest> insert(const SigningRequest& request, std::string_view attachment, const ledger::Actor& actor);
  Result<Signed> make(const StoredRequest& stored, SignOrder order, const Artifact& artifact,
                      const ledger::Actor& actor);
  [[nodiscard]] Result<crypto::SignatureScheme> scheme_for(const Charter& charter, const KeyVersion& version,
                                                           const Format& format,
                                                           std::optional<crypto::SignatureScheme> wanted) const;

  Signer& signer_;
};

}  // namespace hf::keys
