// What is read as a certificate, CRL or request stays within its bytes, and judging it ends.
// fuzz-libs: hf_pki
// fuzz-seeds: pki/fuzz
#include <cstdlib>

#include "pki/path.h"
#include "pki/profile.h"

namespace {

bool within(hf::ByteView part, const hf::Bytes& whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace x509 = hf::crypto::x509;
  const hf::ByteView bytes(data, size);
  if (const auto crl = x509::crl_of(bytes)) {
    for (const auto& one : crl->revoked)
      if (!within(one.serial, crl->der)) std::abort();
  }
  std::vector<x509::Certificate> certificates;
  auto read = x509::certificate_of(bytes);
  if (!read) return 0;
  certificates.push_back(*std::move(read));
  const auto& certificate = certificates[0];
  for (const auto& extension : certificate.extensions)
    if (!within(extension.value, certificate.der)) std::abort();
  if (!within(certificate.spki, certificate.der) || !within(certificate.issuer.der, certificate.der)) std::abort();
  const hf::pki::Subject subject(certificate);
  const auto findings = hf::pki::lint(subject);
  if (hf::pki::path_faults(subject).size() > findings.size()) std::abort();
  for (const auto& profile : hf::pki::profiles()) static_cast<void>(hf::pki::check_profile(subject, profile));
  hf::pki::PathFinder finder(certificates, certificates, {});
  const auto answer = finder.find(certificate, {.at = certificate.validity.not_before, .names = {"a.example.com"}});
  if (answer.holds() && !hf::pki::path_faults(subject).empty()) std::abort();
  return 0;
}
