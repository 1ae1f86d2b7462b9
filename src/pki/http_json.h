// What REST says of CAs and certificates, with what the reader may do.
#pragma once

#include "net/http.h"
#include "pki/register_json.h"

namespace hf::pki {

// `signs`: the server has a signer.
[[nodiscard]] JsonObject line_of(const AuthoritySight& sight, Time now);
[[nodiscard]] JsonObject authority_json(const AuthorityDetail& detail, const net::Principal& reader, bool signs,
                                        Time now);
[[nodiscard]] JsonObject line_of(const CertificateLine& line, Time now);
[[nodiscard]] JsonObject certificate_json(const CertificateSight& sight, const net::Principal& reader, Time now);
[[nodiscard]] JsonObject to_json(const LookUpStore::Revoked& revoked);
[[nodiscard]] JsonObject crl_json(const StoredCrl& crl);

}  // namespace hf::pki
