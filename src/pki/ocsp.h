// OCSP (RFC 6960, RFC 9654) as values: requests read within limits, answers written. Pure: who asks, what the
// revocation ledger says and who signs is up to the caller (responder.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keys/formats/ocsp.h"
#include "pki/lint.h"

namespace hf::pki {

inline constexpr std::size_t kOcspRequestMax = 16U << 10, kOcspListMax = keys::kOcspAnswersMax;

// OCSPResponseStatus (4.2.1). All but the first are unsigned.
enum class OcspStatus { successful = 0, malformed_request = 1, internal_error = 2, try_later = 3, unauthorized = 6 };

struct OcspRequest {
  Bytes der;
  std::vector<keys::OcspCertId> ids;  // views into `der`; 1 to kOcspListMax
  std::optional<ByteView> nonce;      // 1 to 128 octets

  OcspRequest() = default;
  OcspRequest(OcspRequest&&) noexcept = default;
  OcspRequest& operator=(OcspRequest&&) noexcept = default;
};
// HF-PKI-0027: no OCSPRequest, over a limit, a nonce of 0 or of more than 128 octets (RFC 9654 2.1), or a critical
// extension that is not known. Its signature and its requestor's name are not looked at: answers are for everyone.
[[nodiscard]] Result<OcspRequest> ocsp_request_of(ByteView der);

// Whether the CertID is of this issuer: by the SHA-1 or the SHA-256 of its name and of its key (4.1.1).
class OcspIssuer {
 public:
  explicit OcspIssuer(const Certificate& issuer);
  [[nodiscard]] bool is_of(const keys::OcspCertId& id) const;

 private:
  Bytes name_sha1_, key_sha1_, name_sha256_, key_sha256_;
};

struct OcspWord {  // on one certificate
  enum { good, revoked, unknown } status = unknown;
  Time revoked_at{};
  unsigned reason = 0;  // CRLReason; 0 is left out
};

struct OcspTimes {
  Time produced_at{}, this_update{}, next_update{};
};
// ResponseData, by the SHA-1 of the responder's key (byKey). `words` are of `request.ids`, in order.
[[nodiscard]] Bytes ocsp_response_data(const OcspRequest& request, const std::vector<OcspWord>& words,
                                       const Certificate& responder, const OcspTimes& times, bool with_nonce);
// OCSPResponse of a status alone.
[[nodiscard]] Bytes ocsp_refusal(OcspStatus status);

// Whether the certificate may answer for the issuer at this time (4.2.2.2): issued by it directly, with OCSPSigning.
// Empty: it may.
[[nodiscard]] std::string fault_of_responder(const Certificate& responder, const Certificate& issuer, Time at);

}  // namespace hf::pki
