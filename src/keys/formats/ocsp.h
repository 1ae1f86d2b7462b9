// OCSP answers (RFC 6960 4.2.1): ResponseData, which is what a responder's key signs, read strictly.
#pragma once

#include "crypto/x509.h"
#include "keys/formats/format.h"

namespace hf::keys {

inline constexpr std::size_t kOcspAnswersMax = 64;
inline constexpr std::string_view kOcspNonce = "1.3.6.1.5.5.7.48.1.2", kOcspBasic = "1.3.6.1.5.5.7.48.1.1";

// CertID (4.1.1). Views into what it was read from.
struct OcspCertId {
  ByteView der{};
  std::string hash{};  // OID of the hash algorithm, dotted
  ByteView name_hash{}, key_hash{}, serial{};
};
[[nodiscard]] std::optional<OcspCertId> ocsp_cert_id_of(ByteView der);

struct OcspAnswer {
  OcspCertId id{};
  std::string status{};  // "good", "revoked", "unknown"
  std::optional<Time> revoked_at{};
  std::optional<unsigned> reason{};
  Time this_update{};
  std::optional<Time> next_update{};
};
struct OcspData {
  std::string responder{};  // its name (RFC 4514) or the SHA-1 of its key, hex
  Time produced_at{};
  std::vector<OcspAnswer> answers{};
  std::optional<ByteView> nonce{};
};
[[nodiscard]] Result<OcspData> ocsp_data_of(ByteView response_data);  // HF-FORMAT-0004

[[nodiscard]] Result<Bytes> ocsp_evidence(ByteView response_data);
// The OCSPResponse in DER, with the responder's certificate of the context. HF-FORMAT-0001 if the signature does not
// hold with the context's key.
[[nodiscard]] Result<Bytes> ocsp_signed(ByteView evidence, const SigningContext& context, ByteView signature);

}  // namespace hf::keys
