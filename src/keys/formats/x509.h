// Certificates and CRLs from bytes and to bytes, for a service that has no files: the same as the format "x509" does.
#pragma once

#include "keys/formats/format.h"

namespace hf::keys {

// Of a TBSCertificate or TBSCertList. HF-FORMAT-0004.
[[nodiscard]] Result<Bytes> x509_evidence(ByteView tbs, std::string_view encoding = "der");
// The certificate or CRL in DER. HF-FORMAT-0001 if the signature does not hold with the context's key.
[[nodiscard]] Result<Bytes> x509_signed(ByteView evidence, const SigningContext& context, ByteView signature);

}  // namespace hf::keys
