// Use cases of keys that need the signer: make one, sign. The register and the ledger are written
// here; whether a signature may be made is decided by the signer process, with its own charters, journal and clock.
#pragma once

#include "keys/incident.h"
#include "keys/register.h"
#include "keys/signer/supervisor.h"

namespace hf::keys {

struct NewKey {
  Charter charter;  // without versions; sequence 1
  crypto::KeyAlgorithm algorithm{};
};

// A signature with all that its container needs.
struct Signed {
  std::int64_t id = 0;
  Bytes signature;
  Bytes evidence;
  SigningContext context;
  std::string format;
};

// What a token has that the register has not, or the other way round; and what was signed that is not known.
struct Discrepancy {
  // "unknown", "missing", "orphan", "exportable", "not_only_signing"; of reconcile() "unrecorded", "journal_behind",
  // "repeated_nonce", "unrecorded_file", "unknown_file"
  std::string kind;
  std::string key;  // of the register, or the token's label
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
  // The signer's journal and these signed files against the register. HF-FORMAT-0002 for a file that cannot be read.
  [[nodiscard]] Result<std::vector<Discrepancy>> reconcile(std::span<const std::filesystem::path> files);

  // Every rejection of a request that could still be used, to the signer, where it kills the request for good whatever
  // becomes of its row. sign(), sign_under() and put_in_force() begin with it.
  Result<void> hand_over_rejections();
  // What people have said since on requests of the key that were signed by breaking glass, to the signer, which breaks
  // no more glass with it while one is overdue. sign() by breaking glass and put_in_force() begin with it.
  Result<void> hand_over_ratifications(std::string_view key, const ledger::Actor& actor);
  // A charter request that is approved comes into force.
  Result<StoredKey> put_in_force(std::string_view digest, const ledger::Actor& actor);

  // The key stops at once, and why is recorded; told again, the effective time can move earlier. It signs again under a
  // charter that its approvers agree to afterwards. HF-KEYS-0025: a later effective time, or one to come.
  Result<StoredIncident> freeze(const NewIncident& incident, const ledger::Actor& actor);

  // HF-SIGNER-0006 with everything that is lacking.
  Result<Signed> sign(std::string_view digest, const ledger::Actor& actor);
  // Under a standing grant, without asking anyone. HF-KEYS-0024 if the grant is for another key than the use.
  Result<Signed> sign_under(std::string_view grant, const NewRequest& use, const ledger::Actor& actor);
  // The signed file: found as the artifact of a build by its digest.
  Result<void> record_file(std::int64_t signature, std::string_view sha256, const ledger::Actor& actor);

 private:
  Result<Signed> make(const StoredRequest& stored, SignOrder order, const Artifact& artifact,
                      const ledger::Actor& actor);

  Signer& signer_;
};

}  // namespace hf::keys
