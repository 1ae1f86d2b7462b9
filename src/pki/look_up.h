// What people look up in the register of CAs: certificates by what is known of them, their chains, CRLs, revocations.
#pragma once

#include "pki/look_up_store.h"
#include "pki/registry.h"

namespace hf::pki {

struct CertificateQuery {
  std::string authority{};  // empty: of all
  // Empty: all, newest first. 64 hex digits: the SHA-256 of a certificate or of its public key. 4 or more: how a serial
  // number begins. Else how the subject begins, or its common name or serialNumber.
  std::string text{};
  std::optional<Time> ending_before{};  // of one authority: those that end from now on and before this, by that
};
struct CertificateLines {
  std::vector<CertificateLine> items;
  std::optional<std::vector<std::string>> next;  // two texts for `after`
};
// A certificate of a chain, and the CA of the register that it is of, if it is one.
struct ChainLink {
  std::string subject, sha256, authority;
  Time not_after{};
};
struct CertificateSight {
  Authority issuer;
  StoredCertificate stored;
  Certificate certificate;
  std::optional<StoredRevocation> revoked;
  std::vector<ChainLink> chain;   // its issuer first, as far as the register knows them
  bool complete = false;          // the last of the chain, or the certificate itself, is self-signed
  std::string own_authority;      // the CA of the register whose certificate it is; else empty
  std::vector<Finding> findings;  // of the rules and of its profile
};
struct ShardSight {
  std::int64_t shard = 0;
  std::optional<StoredCrl> crl{};  // the newest
  bool stale = false;              // out of date, or missing although something is revoked
};
struct AuthorityDetail {
  AuthoritySight sight;
  std::vector<ChainLink> chain;
  bool complete = false;
  std::vector<ShardSight> shards;
  CertificateCounts counts;
};
// For so long before its end a certificate counts as ending.
inline constexpr std::chrono::hours kEndingSoon{24 * 30};

class LookUp {
 public:
  LookUp(const Registry& registry, db::Database& database) : registry_(registry), database_(database) {}

  // HF-PKI-0050 for a query that no index answers.
  [[nodiscard]] Result<CertificateLines> certificates(const CertificateQuery& query,
                                                      const std::vector<std::string>& after, std::int64_t limit) const;
  [[nodiscard]] Result<CertificateSight> certificate(std::string_view authority, std::string_view serial) const;
  [[nodiscard]] Result<AuthorityDetail> authority(std::string_view name) const;  // HF-PKI-0016
  [[nodiscard]] Result<std::vector<StoredCrl>> crls(std::string_view authority, std::int64_t below,
                                                    std::int64_t limit) const;
  [[nodiscard]] Result<std::vector<LookUpStore::Revoked>> revocations(std::string_view authority, std::int64_t before,
                                                                      std::int64_t limit) const;
  // The newest CRL of a shard, with its bytes. HF-PKI-0051 if there is none.
  [[nodiscard]] Result<StoredCrl> published_crl(std::string_view authority, std::int64_t shard) const;

 private:
  [[nodiscard]] Result<std::int64_t> id_of(std::string_view authority) const;

  const Registry& registry_;
  db::Database& database_;
};

}  // namespace hf::pki
