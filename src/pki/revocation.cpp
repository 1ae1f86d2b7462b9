#include "pki/revocation.h"

#include <algorithm>

#include "crypto/der.h"

namespace hf::pki {
namespace {

namespace x509 = crypto::x509;
namespace oid = crypto::x509::oid;

// The names by which distribution points are called: of a DistributionPointName, fullName alone.
std::vector<ByteView> point_names(ByteView distribution_point_name) {
  crypto::DerReader reader(distribution_point_name);
  std::vector<ByteView> names;
  if (const auto full = reader.next(crypto::der::context(0)))
    for (crypto::DerReader inner(full->content); !inner.at_end();) {
      const auto one = inner.next();
      if (!one) break;
      names.push_back(one->whole);
    }
  return names;
}

// Whether the certificate names the point that a CRL is of (6.3.3 b 2 i).
bool names_point(const Certificate& certificate, const std::vector<ByteView>& wanted) {
  const auto* const extension = certificate.extension(oid::kCrlPoints);
  if (!extension) return false;
  crypto::DerReader outer(extension->value);
  const auto list = outer.next(crypto::der::kSequence);
  if (!list) return false;
  for (crypto::DerReader points(list->content); !points.at_end();) {
    const auto point = points.next(crypto::der::kSequence);
    if (!point) return false;
    crypto::DerReader parts(point->content);
    const auto name = parts.next(crypto::der::context(0));
    if (!name) continue;
    for (const auto one : point_names(name->content))
      if (std::ranges::any_of(wanted, [&](ByteView other) { return std::ranges::equal(one, other); })) return true;
  }
  return false;
}

// The scope of an IssuingDistributionPoint (5.2.5): a point, user or CA certificates. Anything else of it, as indirect
// or limited to some reasons, is no answer.
std::string fault_of_scope(const x509::Extension& extension, const Certificate& certificate, bool& outside) {
  crypto::DerReader outer(extension.value);
  const auto sequence = outer.next(crypto::der::kSequence);
  if (!sequence || !outer.at_end()) return "its issuingDistributionPoint is none";
  for (crypto::DerReader reader(sequence->content); !reader.at_end();) {
    const auto part = reader.next();
    if (!part) return "its issuingDistributionPoint is none";
    const bool set = part->content.size() == 1 && part->content[0] == 0xff;
    if (part->tag == crypto::der::context(0)) {
      if (!names_point(certificate, point_names(part->content))) outside = true;
    } else if (part->tag == crypto::der::context_primitive(1) && set) {
      outside = outside || certificate.is_ca();
    } else if (part->tag == crypto::der::context_primitive(2) && set) {
      outside = outside || !certificate.is_ca();
    } else {
      return "it is indirect, of attribute certificates or of some reasons only";
    }
  }
  return {};
}

std::string fault_of_extensions(const x509::Crl& crl, const Certificate& certificate, bool& outside) {
  for (const auto& extension : crl.extensions) {
    if (extension.oid == oid::kDeltaCrl) return "it is a delta CRL";
    if (extension.oid == oid::kIssuingPoint) {
      if (auto wrong = fault_of_scope(extension, certificate, outside); !wrong.empty()) return wrong;
    } else if (extension.oid == oid::kCrlNumber) {
      if (extension.critical) return "its cRLNumber is critical";
    } else if (extension.critical && extension.oid != oid::kAuthorityKeyId) {
      return "its critical extension " + x509::oid_name(extension.oid) + " is not known";
    }
  }
  constexpr std::size_t kNumberMax = 20;
  if (!crl.number) return "it has no cRLNumber";
  return (*crl.number)[0] >= 0x80 || crl.number->size() > kNumberMax ? "its cRLNumber is negative or above 20 octets"
                                                                     : "";
}

}  // namespace

CrlAnswer look_up(const x509::Crl& crl, const Certificate& certificate, const Subject& issuer, Time at) {
  CrlAnswer answer;
  if (!x509::same_name(crl.issuer, certificate.issuer)) return answer;
  answer.about = true;
  const auto fault = [&](std::string_view rule, std::string why) {
    answer.rule = rule;
    answer.fault = "the CRL of " + crl.issuer.text() + " cannot be relied on: " + std::move(why);
    return answer;
  };
  const auto& authority = issuer.certificate;
  if (authority.key_usage && (*authority.key_usage & x509::crl_sign) == 0)
    return fault("crl.issuer", "its issuer's key usage has no cRLSign");
  const auto algorithm = crypto::verification_algorithm_of_der(crl.signature_algorithm);
  if (!algorithm || algorithm->hash == crypto::HashKind::sha1 ||
      !std::ranges::equal(crl.signature_algorithm, crl.tbs_signature_algorithm))
    return fault("crl.algorithm", "its signature algorithm is not taken");
  if (!issuer.key || !issuer.key->verify(*algorithm, crl.tbs, crl.signature))
    return fault("crl.signature", "its signature does not hold");
  if (crl.version != 2) return fault("crl.version", "it is not v2");
  if (!crl.validity.right_types) return fault("crl.times", "a time until 2049 is no UTCTime, or one from 2050 is");
  bool outside = false;
  if (auto why = fault_of_extensions(crl, certificate, outside); !why.empty()) return fault("crl.extensions", why);
  if (outside) return answer;
  if (crl.validity.not_before > at) return fault("crl.current", "it is of " + format_rfc3339(crl.validity.not_before));
  if (!crl.has_next_update) return fault("crl.current", "it has no nextUpdate");
  if (std::chrono::floor<std::chrono::seconds>(at) > crl.validity.not_after)
    return fault("crl.current", "the next one was due at " + format_rfc3339(crl.validity.not_after));
  const auto found = std::ranges::find_if(
      crl.revoked, [&](const auto& one) { return std::ranges::equal(one.serial, certificate.serial); });
  constexpr unsigned kRemoveFromCrl = 8;
  if (found != crl.revoked.end() && found->reason != kRemoveFromCrl) answer.revoked = &*found;
  const auto unknown = std::ranges::any_of(crl.revoked, &x509::Revoked::unknown_critical);
  answer.answers = true;
  if (!answer.revoked && unknown) return fault("crl.entries", "an entry has a critical extension that is not known");
  return answer;
}

}  // namespace hf::pki
