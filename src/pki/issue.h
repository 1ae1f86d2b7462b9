// To-be-signed certificates and CRLs (RFC 5280 4.1.2, 5.1.2), written by templates: what does not change from one
// certificate to the next is encoded once. Nothing is signed here; what is written is read again and linted first.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/x509.h"
#include "pki/profile.h"

namespace hf::pki {

using crypto::x509::Request;

// What the issuer puts into what it issues, where the profile lets it.
struct Publication {
  std::vector<std::string> crls{};     // URIs of cRLDistributionPoints (4.2.1.13)
  std::vector<std::string> ocsp{};     // URIs of id-ad-ocsp (4.2.2.1)
  std::vector<std::string> issuers{};  // URIs of id-ad-caIssuers
};

// Content of an INTEGER: 16 random octets, positive and always of that size.
[[nodiscard]] Bytes random_serial();

struct Wanted {
  Bytes serial{};  // content of the INTEGER; empty: random_serial()
  Time from{};
  std::optional<Time> until{};  // else as the profile has it
};

class Template {
 public:
  // Of an issuing CA. HF-PKI-0006 if it may issue nothing, or nothing of the profile (its path length, its scheme).
  static Result<Template> of(const Profile& profile, const Certificate& issuer, crypto::SignatureScheme scheme,
                             const Publication& publication = {});
  // Of a root, which issues itself: subject and key are the request's.
  static Result<Template> of_root(const Profile& profile, crypto::SignatureScheme scheme);

  // The TBSCertificate. HF-PKI-0005 with all that the request asks for and the profile does not give, and with what
  // rules and profile find of the outcome. Neither the request's signature nor its key's other uses are looked at:
  // proves_possession(), and whoever keeps the register.
  [[nodiscard]] Result<Bytes> certificate(const Request& request, const Wanted& wanted) const;

 private:
  Template() = default;

  Profile profile_;
  Bytes algorithm_, issuer_, authority_key_id_;  // DER; both empty of a root
  Time issuer_until_ = Time::max();
  Bytes fixed_extensions_;  // end to end
  bool copies_names_ = false;
};

// RFC 2986 4.2: the request is signed by the key that it is for.
[[nodiscard]] bool proves_possession(const Request& request);

struct RevokedEntry {
  Bytes serial{};
  Time at{};
  unsigned reason = 0;  // CRLReason; 0, unspecified, is left out (5.3.1)
};
// The TBSCertList of a complete CRL, or with `point` of the one at that URI: it is then of the certificates that name
// it (5.2.5). `number` rises from each to the next. HF-PKI-0006 if the issuer may not sign one.
[[nodiscard]] Result<Bytes> crl(const Certificate& issuer, crypto::SignatureScheme scheme, std::uint64_t number,
                                Time this_update, Time next_update, std::span<const RevokedEntry> revoked,
                                std::string_view point = {});

// 16 random octets, positive: the content of the INTEGER.
[[nodiscard]] Bytes random_serial();

// Name of "CN=Example Root CA,O=Example" (RFC 4514, most specific first), each attribute in the string type of its
// definition. HF-PKI-0007.
[[nodiscard]] Result<Bytes> name_of_text(std::string_view text);

}  // namespace hf::pki
