// What a CA that is not connected is asked for, as one closed canonical JSON object (RFC 8785): a certificate for a
// PKCS #10 request under a profile, or a CRL. It travels as a file, in a DSSE envelope (ca_request_format.cpp); whoever
// answers names it by its digest.
//
// The envelope of a request for a certificate is signed by the key that the certificate is for: that proves possession
// (RFC 2986 4.2), and binds the request to CA and profile. One that a key of the manufacturer signed then holds a PKCS
// #10 request that proves it by itself.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "keys/json_fields.h"

namespace hf::keys {

inline constexpr std::string_view kCaRequestType = "application/vnd.holdfast.ca-request+json";
inline constexpr std::size_t kCaRequestMax = 24U << 10;  // bytes, so that a transcript's line holds its envelope

struct CertificateWish {
  Bytes csr{};  // PKCS #10, DER
  std::string profile{}, profile_sha256{};
  std::optional<Time> not_after{};                     // else the profile's
  std::vector<std::string> crls{}, ocsp{}, issuers{};  // URIs for the certificate

  bool operator==(const CertificateWish&) const = default;
};

struct CrlWish {
  struct Entry {
    std::string serial{};  // octets, hex
    Time at{};
    std::int64_t reason = 0;  // CRLReason (RFC 5280 5.3.1)
    bool operator==(const Entry&) const = default;
  };
  std::int64_t number = 0;  // above that of every CRL before
  std::int64_t hours = 0;   // from thisUpdate to nextUpdate
  std::vector<Entry> revoked{};

  bool operator==(const CrlWish&) const = default;
};

struct CaRequest {
  std::string id{};         // 32 hex digits, random
  std::string ca_sha256{};  // of the CA's certificate, DER
  std::string reason{};
  Time requested_at{};
  std::variant<CertificateWish, CrlWish> wish{};

  bool operator==(const CaRequest&) const = default;
};

[[nodiscard]] JsonObject to_json(const CaRequest& request);
[[nodiscard]] std::string canonical(const CaRequest& request);
// HF-CEREMONY-0002 with every fault and where it is, also for bytes that are not the one text of their value.
[[nodiscard]] Result<CaRequest> ca_request_of(ByteView text);
[[nodiscard]] JsonObject facts_of(const CaRequest& request);

}  // namespace hf::keys
