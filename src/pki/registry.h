// Certificate authorities as rows: which there are, what they may issue, what they issued, and the revocation ledger.
// Needs no signer; issuing.h signs. What stands here answers and is proven; that nothing else is signed with a CA's key
// is up to that key's charter and the signer.
#pragma once

#include "pki/store.h"

namespace hf::pki {

// An authority with its documents read.
struct Authority {
  StoredAuthority stored;
  Certificate certificate;
  crypto::PublicKey key;
  std::vector<Profile> profiles;
  Publication publication;  // `crls` has at most one, in which "{shard}" stands for the shard's number

  [[nodiscard]] const Profile* profile(std::string_view name) const;
  [[nodiscard]] Publication publication_of(std::int64_t shard) const;
  // Where a shard's CRL is, for its issuingDistributionPoint (RFC 5280 5.2.5). Empty: the CRL is complete.
  [[nodiscard]] std::string point_of(std::int64_t shard) const;
};

struct NewAuthority {
  std::string name;   // "devices": letters, digits, '.', '_' and '-'
  Bytes certificate;  // DER
  std::string key;    // in the register of keys
  std::vector<Json> profiles;
  Publication publication;
  std::int64_t shards = 1;
};

// How the CRLs of an authority stand.
struct CrlStanding {
  std::optional<Time> due;             // the first that was or will be due; none: there is no CRL
  std::vector<std::int64_t> stale;     // shards whose CRL is out of date, or missing although something is revoked
  std::optional<std::int64_t> number;  // the newest
};

struct AuthoritySight {
  Authority authority;
  CrlStanding crls;
};

// What the revocation ledger says of a serial number. `issued` is of every number that was ever drawn, whatever became
// of the certificate's row or of the device that had it.
struct Standing {
  bool issued = false;
  std::optional<StoredRevocation> revoked;
};

struct Expiring {
  std::string authority;
  ExpiryCount count;
};

class Registry {
 public:
  Registry(db::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // HF-PKI-0015 if it is there, HF-PKI-0017 if it is not fit, HF-PKI-0025 for shards that nobody could find. Where its
  // issuer is in the register, or what it issued, the certificate is written down as one of its issuer's.
  Result<Authority> add(const NewAuthority& wanted, const ledger::Actor& actor);
  [[nodiscard]] Result<Authority> authority(std::string_view name) const;  // HF-PKI-0016
  [[nodiscard]] Result<std::vector<Authority>> all() const;                // by name
  [[nodiscard]] Result<std::vector<AuthoritySight>> authorities() const;   // the same, with how their CRLs stand
  // A frozen CA issues nothing; it still signs CRLs and OCSP answers. HF-PKI-0018 if it is so already.
  Result<Authority> set_frozen(std::string_view name, bool frozen, std::string_view reason, const ledger::Actor& actor);

  // A certificate that the CA's key signed elsewhere (pki prepare): from then on it can be revoked and asked for.
  // HF-PKI-0017 if it is not the CA's, HF-PKI-0015 if its serial number is there.
  Result<StoredCertificate> record(std::string_view name, ByteView der, std::string_view product,
                                   const ledger::Actor& actor);
  [[nodiscard]] Result<StoredCertificate> certificate(std::string_view name, std::string_view serial) const;
  [[nodiscard]] Result<std::vector<StoredCertificate>> certificates(std::string_view name, std::int64_t before,
                                                                    std::int64_t limit) const;
  [[nodiscard]] Result<std::vector<Expiring>> expiring(Time from, Time until) const;  // by authority and product

  // `at` absent: now, or as it was. HF-PKI-0020 for a number that was never drawn, HF-PKI-0021 if it would be in force
  // later than before or in the future, or say less.
  Result<StoredRevocation> revoke(std::string_view name, std::string_view serial, unsigned reason,
                                  std::optional<Time> at, const ledger::Actor& actor);
  [[nodiscard]] Result<Standing> standing(std::int64_t ca, std::string_view serial) const;

  [[nodiscard]] Time now() const { return clock_.now(); }

 protected:
  db::Database& database_;
  const Clock& clock_;
};

[[nodiscard]] Error no_authority(std::string_view name);  // HF-PKI-0016
[[nodiscard]] Result<Authority> authority_of(StoredAuthority stored);
// By name and by the signature of the authority's key.
[[nodiscard]] bool is_issued_by(const Certificate& certificate, const Authority& ca);
// As rows have it: the INTEGER's content in lower-case hex. Also of what openssl prints, with or without colons and
// leading zeros. HF-PKI-0008.
[[nodiscard]] Result<std::string> serial_of_text(std::string_view text);
// The shard of a serial number: drawn with it, from its lowest bits, which are random (Boulder's rule).
[[nodiscard]] std::int64_t shard_of(ByteView serial, std::int64_t shards);
// "keyCompromise" of RFC 5280 5.3.1 or its number. HF-PKI-0022: also for a hold, which nothing here gives back.
[[nodiscard]] Result<unsigned> reason_of(std::string_view text);
[[nodiscard]] std::string_view name_of_reason(unsigned reason);

}  // namespace hf::pki
