// Whether a CRL says that a certificate is revoked (RFC 5280 6.3). Complete CRLs of the certificate's own issuer alone:
// a delta or an indirect one is not taken for an answer.
#pragma once

#include <string>

#include "pki/lint.h"

namespace hf::pki {

struct CrlAnswer {
  bool about = false;    // it is of this issuer
  bool answers = false;  // and of certificates such as this one
  std::string fault{};   // it is, but cannot be relied on at that time
  std::string rule{};    // of the fault
  const crypto::x509::Revoked* revoked = nullptr;
};
[[nodiscard]] CrlAnswer look_up(const crypto::x509::Crl& crl, const Certificate& certificate, const Subject& issuer,
                                Time at);

}  // namespace hf::pki
