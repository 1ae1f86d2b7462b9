#include "ceremony/authority.h"

#include <algorithm>

#include "crypto/verification.h"
#include "pki/issue.h"
#include "pki/key_request.h"
#include "pki/profile_digest.h"

namespace hf::ceremony {
namespace {

namespace x509 = crypto::x509;
using keys::CeremonyStep, keys::CertificateWish, keys::CrlWish;

// The profile of a step, as it was when the script was approved.
Result<const pki::Profile*> profile_of(const CeremonyStep& step) {
  const auto name = step.profile.value_or("");
  const auto* const profile = pki::find_profile(name);
  if (!profile || pki::profile_digest(name) != step.profile_sha256)
    return not_made("the profile '" + name + "' of this version is not the one that the script names by its digest");
  return profile;
}

Result<void> check_by_profile(const x509::Certificate& certificate, const pki::Profile& profile) {
  const pki::Subject subject(certificate);
  auto findings = pki::lint(subject);
  std::ranges::move(pki::check_profile(subject, profile), std::back_inserter(findings));
  for (const auto& finding : findings)
    if (finding.severity == pki::Severity::error)
      return not_made("the certificate breaks a rule, " + finding.source + ": " + finding.message);
  return {};
}

bool is_signed_by(ByteView spki, ByteView algorithm_der, ByteView message, ByteView signature) {
  const auto key = crypto::VerificationKey::of_spki(spki);
  const auto algorithm = crypto::verification_algorithm_of_der(algorithm_der);
  return key && algorithm && key->verify(*algorithm, message, signature);
}

std::optional<Time> end_of(const CeremonyStep& step, Time now) {
  return step.days ? std::optional(now + std::chrono::hours(24 * *step.days)) : std::nullopt;
}

}  // namespace

tl::unexpected<Error> not_made(std::string why) {
  return fail(ErrorKind::invalid, "HF-CEREMONY-0018", "the step cannot be done: " + std::move(why));
}

Result<Bytes> root_to_sign(const CeremonyStep& step, const crypto::PublicKey& key, Time now) {
  HF_TRY(const auto profile, profile_of(step));
  HF_TRY(const auto request, pki::request_of_key(step.subject.value_or(""), key));
  HF_TRY(const auto form, pki::Template::of_root(*profile, crypto::default_scheme_of(key.algorithm)));
  return form.certificate(request, {.from = now, .until = end_of(step, now)});
}

Result<Bytes> certificate_to_sign(const CeremonyStep& step, const CertificateWish& wish, ByteView ca_der, Time now) {
  HF_TRY(const auto profile, profile_of(step));
  if (wish.profile != step.profile || wish.profile_sha256 != step.profile_sha256)
    return not_made("the request wants the profile '" + wish.profile +
                    "', and the script has another, or another state of it");
  HF_TRY(const auto ca, x509::certificate_of(ca_der));
  HF_TRY(const auto key, crypto::public_key_of_spki(ca.spki));
  HF_TRY(const auto csr, x509::request_of(wish.csr));
  const auto end = end_of(step, now);
  if (end && wish.not_after && *wish.not_after > *end)
    return not_made("the request wants a certificate until " + format_rfc3339(*wish.not_after) +
                    ", and the script allows " + std::to_string(*step.days) + " days");
  HF_TRY(const auto form, pki::Template::of(*profile, ca, crypto::default_scheme_of(key.algorithm),
                                            {.crls = wish.crls, .ocsp = wish.ocsp, .issuers = wish.issuers}));
  return form.certificate(csr, {.from = now, .until = wish.not_after ? wish.not_after : end});
}

Result<Bytes> crl_to_sign(const CrlWish& wish, ByteView ca_der, Time now) {
  HF_TRY(const auto ca, x509::certificate_of(ca_der));
  HF_TRY(const auto key, crypto::public_key_of_spki(ca.spki));
  std::vector<pki::RevokedEntry> revoked;
  for (const auto& one : wish.revoked)
    revoked.push_back({from_hex(one.serial).value_or(Bytes()), one.at, unsigned(one.reason)});
  const auto from = std::chrono::floor<std::chrono::seconds>(now);
  return pki::crl(ca, crypto::default_scheme_of(key.algorithm), std::uint64_t(wish.number), from,
                  from + std::chrono::hours(wish.hours), revoked);
}

Bytes signed_with(const crypto::PublicKey& key, ByteView to_sign, ByteView signature) {
  const auto scheme = crypto::default_scheme_of(key.algorithm);
  const bool ecdsa =
      key.algorithm == crypto::KeyAlgorithm::ecdsa_p256 || key.algorithm == crypto::KeyAlgorithm::ecdsa_p384;
  return x509::signed_of(to_sign, crypto::algorithm_identifier_of(scheme),
                         ecdsa ? crypto::ecdsa_to_der(signature) : Bytes(signature.begin(), signature.end()));
}

Result<void> check_root(ByteView der, const CeremonyStep& step, const crypto::PublicKey& key) {
  HF_TRY(const auto profile, profile_of(step));
  HF_TRY(const auto certificate, x509::certificate_of(der));
  HF_TRY(const auto name, pki::name_of_text(step.subject.value_or("")));
  if (!std::ranges::equal(certificate.spki, crypto::to_spki(key))) return not_made("the certificate is of another key");
  if (!std::ranges::equal(certificate.subject.der, name)) return not_made("the certificate is of another subject");
  if (!pki::Subject(certificate).self_signed) return not_made("the certificate is not signed by its own key");
  return check_by_profile(certificate, *profile);
}

Result<void> check_certificate(ByteView der, const CeremonyStep& step, const CertificateWish& wish, ByteView ca_der) {
  HF_TRY(const auto profile, profile_of(step));
  HF_TRY(const auto certificate, x509::certificate_of(der));
  HF_TRY(const auto ca, x509::certificate_of(ca_der));
  HF_TRY(const auto csr, x509::request_of(wish.csr));
  if (wish.profile != step.profile || wish.profile_sha256 != step.profile_sha256)
    return not_made("the request wants another profile than the script");
  if (!std::ranges::equal(certificate.spki, csr.spki))
    return not_made("the certificate is of another key than the request");
  if (!std::ranges::equal(certificate.subject.der, csr.subject.der))
    return not_made("the certificate is of another subject than the request");
  if (!std::ranges::equal(certificate.issuer.der, ca.subject.der) ||
      !is_signed_by(ca.spki, certificate.signature_algorithm, certificate.tbs, certificate.signature))
    return not_made("the certificate is not signed by the CA " + ca.subject.text());
  if (wish.not_after && certificate.validity.not_after > *wish.not_after)
    return not_made("the certificate ends later than the request has it");
  return check_by_profile(certificate, *profile);
}

Result<void> check_crl(ByteView der, const CrlWish& wish, ByteView ca_der) {
  HF_TRY(const auto crl, x509::crl_of(der));
  HF_TRY(const auto ca, x509::certificate_of(ca_der));
  if (!std::ranges::equal(crl.issuer.der, ca.subject.der) ||
      !is_signed_by(ca.spki, crl.signature_algorithm, crl.tbs, crl.signature))
    return not_made("the CRL is not signed by the CA " + ca.subject.text());
  std::int64_t number = 0;
  for (const auto octet : crl.number.value_or(ByteView())) {
    if (number >= std::int64_t{1} << 54) return not_made("the CRL's number is too large");
    number = number << 8 | octet;
  }
  const auto same = [](const x509::Revoked& made, const CrlWish::Entry& asked) {
    return to_hex(made.serial) == asked.serial && made.at == std::chrono::floor<std::chrono::seconds>(asked.at) &&
           std::int64_t(made.reason.value_or(0)) == asked.reason;
  };
  if (number != wish.number) return not_made("the CRL has another number than the request");
  if (!std::ranges::equal(crl.revoked, wish.revoked, same)) return not_made("the CRL revokes others than the request");
  if (!crl.has_next_update || crl.validity.not_after - crl.validity.not_before != std::chrono::hours(wish.hours))
    return not_made("the CRL is good for another time than the request has it");
  return {};
}

}  // namespace hf::ceremony
