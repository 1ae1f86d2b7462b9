// The certificates and CRLs of an offline CA, by the templates and rules of pki/: built and linted before the key
// signs, and judged again by whoever reads them. Pure.
#pragma once

#include "crypto/x509.h"
#include "keys/formats/ca_request.h"
#include "keys/formats/ceremony_script.h"

namespace hf::ceremony {

// To be signed (TBSCertificate, TBSCertList). HF-PKI-0005 to 0007 with what does not fit the profile, HF-CEREMONY-0018.
[[nodiscard]] Result<Bytes> root_to_sign(const keys::CeremonyStep& step, const crypto::PublicKey& key, Time now);
[[nodiscard]] Result<Bytes> certificate_to_sign(const keys::CeremonyStep& step, const keys::CertificateWish& wish,
                                                ByteView ca, Time now);
[[nodiscard]] Result<Bytes> crl_to_sign(const keys::CrlWish& wish, ByteView ca, Time now);
// DER, of the signature as a token makes it (ECDSA: r || s).
[[nodiscard]] Bytes signed_with(const crypto::PublicKey& key, ByteView to_sign, ByteView signature);

// HF-CEREMONY-0018 with the first thing that is wrong.
[[nodiscard]] Result<void> check_root(ByteView der, const keys::CeremonyStep& step, const crypto::PublicKey& key);
[[nodiscard]] Result<void> check_certificate(ByteView der, const keys::CeremonyStep& step,
                                             const keys::CertificateWish& wish, ByteView ca);
[[nodiscard]] Result<void> check_crl(ByteView der, const keys::CrlWish& wish, ByteView ca);

// HF-CEREMONY-0018
[[nodiscard]] tl::unexpected<Error> not_made(std::string why);

}  // namespace hf::ceremony
