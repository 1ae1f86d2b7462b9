// Certificates and CRLs of a registered authority, signed under a standing grant of its key: each number is written
// down before the key signs, each result is verified, linted and written down before anyone has it.
#pragma once

#include <span>

#include "keys/service.h"
#include "pki/registry.h"

namespace hf::pki {

// What a whole batch has in common.
struct Issuance {
  std::string authority, profile;
  std::string grant;    // its digest, or the beginning of it
  std::string product;  // catalogue path; empty: the grant's, if it has one
  std::string branch{};
  std::optional<Time> until{};  // else as the profile has it
  std::string requester{};      // whom the grant names; empty: who acts
  bool renews = false;          // for a unit that is in the field: a hold of production does not stop it
};

struct Order {
  Request request;
  bool key_is_known = false;  // whose key it is, the caller knows: one on a token has no request of its own
};

struct CrlOrder {
  std::string authority, grant, product;
  std::int64_t shard = 0;
  std::chrono::hours valid{168};  // until the next one
  std::int64_t above = 0;         // its number is above this too: that of a CRL that is published
};

class Issuer {
 public:
  Issuer(Registry& registry, keys::Service& service, db::Database& database, const Clock& clock)
      : registry_(registry), service_(service), database_(database), clock_(clock) {}

  // One answer an order, in order. The whole batch is refused with HF-PKI-0016, HF-PKI-0018 (frozen, not valid now, its
  // key not active, production of the product on hold), HF-PKI-0019 (the grant is not of its key), HF-PKI-0023 (not a
  // profile of it); an order with HF-PKI-0005, HF-PKI-0010 or HF-PKI-0011. When the signer refuses one, the rest is not
  // tried.
  Result<std::vector<Result<StoredCertificate>>> issue(const Issuance& wanted, std::span<const Order> orders,
                                                       const ledger::Actor& actor);
  // HF-PKI-0025 if there is no such shard. A frozen CA still signs CRLs.
  Result<StoredCrl> crl(const CrlOrder& wanted, const ledger::Actor& actor);

 private:
  // A grant that fits its authority, with what the key signs with.
  struct Desk {
    Authority ca;
    std::string grant, product, branch, requester;
    crypto::SignatureScheme scheme{};
  };
  struct Prepared {
    std::size_t order;
    Bytes tbs;
    StoredSerial serial;
  };
  [[nodiscard]] Result<Desk> desk(std::string_view authority, std::string_view grant, std::string_view product) const;
  Result<void> reserve(const Desk& desk, std::string_view profile, std::vector<Prepared>& prepared,
                       std::vector<Result<StoredCertificate>>& answers, const ledger::Actor& actor);
  Result<keys::Signed> sign(const Desk& desk, ByteView tbs, std::string name, const ledger::Actor& actor);
  Result<StoredCertificate> make(const Desk& desk, const Profile& profile, const Prepared& prepared,
                                 const ledger::Actor& actor);

  Registry& registry_;
  keys::Service& service_;
  db::Database& database_;
  const Clock& clock_;
};

}  // namespace hf::pki
