// Time stamps (RFC 3161, with RFC 5816): requests, what a token says, tokens around a signature that is made elsewhere,
// and their verification. SHA-2 alone; a token names its certificate by ESSCertIDv2.
#pragma once

#include <functional>

#include "crypto/cms.h"

namespace hf::crypto {

// Of the data: sha256, sha384 or sha512.
struct Imprint {
  Digest digest{};
  Bytes value{};
  bool null_parameters = false;  // as the request has it: the token repeats it (2.4.2)
  bool operator==(const Imprint&) const = default;
};

struct TimeStampRequest {
  Imprint imprint{};
  std::string policy{};       // dotted; empty: any
  Bytes nonce{};              // content of the INTEGER; empty: none
  bool certificates = false;  // the answer is to bring the TSA's
};
[[nodiscard]] Result<TimeStampRequest> timestamp_request_of(ByteView der);  // HF-TSP-0001
[[nodiscard]] Bytes to_der(const TimeStampRequest& request);

struct TimeStamp {  // TSTInfo
  std::string policy{};
  Imprint imprint{};
  Bytes serial{};  // content of the INTEGER
  Time time{};     // genTime, in whole seconds when written
  std::optional<std::chrono::milliseconds> accuracy{};
  Bytes nonce{};
};
[[nodiscard]] Result<TimeStamp> timestamp_of(ByteView tst_info);  // HF-TSP-0001
[[nodiscard]] Bytes to_der(const TimeStamp& stamp);

// The SET OF Attribute that the TSA signs: contentType, messageDigest, signingCertificateV2.
[[nodiscard]] Bytes timestamp_signed_attributes(const TimeStamp& stamp, const CmsSigner& signer);
// TimeStampToken. The signer's certificates go with it when `certificates` says so. HF-CMS-0001.
[[nodiscard]] Result<Bytes> timestamp_token(const TimeStamp& stamp, const CmsSigner& signer, bool certificates,
                                            ByteView signature);
// TimeStampResp "granted", and the token of one. HF-TSP-0002 if it was not granted.
[[nodiscard]] Bytes timestamp_response(ByteView token);
[[nodiscard]] Result<Bytes> token_of_response(ByteView der);

struct TimeStampVerified {
  TimeStamp stamp{};
  Bytes signer{};  // the TSA's certificate, DER
};
// Its signature holds, by a certificate with the extended key usage timeStamping alone, critical (2.3), that is trusted
// or leads to one that is, and was valid at genTime; it names that certificate; its imprint is `digest(...)` of the
// data. HF-TSP-0003 with what does not hold, HF-TSP-0001 for what is none.
[[nodiscard]] Result<TimeStampVerified> timestamp_verify(ByteView token, const std::vector<Bytes>& trusted,
                                                         const std::function<Bytes(Digest)>& digest);

// "1.2.840.113549": arcs that DER can hold.
[[nodiscard]] bool is_oid(std::string_view dotted);

// Of a CMS with one signer: its signature value, which a time stamp is over (RFC 3161 appendix A); the token that it
// carries as unsigned attribute, empty if none; and the CMS with one. HF-CMS-0003.
[[nodiscard]] Result<Bytes> cms_signature_of(ByteView cms);
[[nodiscard]] Result<Bytes> cms_timestamp_of(ByteView cms);
[[nodiscard]] Result<Bytes> cms_with_timestamp(ByteView cms, ByteView token);

}  // namespace hf::crypto
