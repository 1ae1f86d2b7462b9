// Enrollment over Secure Transport (RFC 7030, RFC 8951) as bytes: what its messages carry. Pure; who may enrol is
// enrolment.h, the routes are http_est.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pki/profile.h"

namespace hf::pki {

inline constexpr std::size_t kEstBodyMax = 128U << 10;

// The DER of a message's body. RFC 8951 3.1: base64 with line breaks anywhere or none, whatever
// Content-Transfer-Encoding says; PEM armour and DER itself are taken too, since clients send them. HF-PKI-0032.
[[nodiscard]] Result<Bytes> est_body(std::string_view body);
// As answers carry it: base64 in one line (RFC 4648 section 4), which all clients read; strongSwan no other.
[[nodiscard]] std::string est_text(ByteView der);

// SignedData that holds certificates and nothing else (RFC 7030 4.1.3; RFC 5652 5.1, "certs-only").
[[nodiscard]] Bytes certs_only(std::span<const Bytes> certificates);

// CsrAttrs (RFC 7030 4.5.2): the key and the attributes of the subject that the profile wants.
[[nodiscard]] Bytes csr_attributes(const Profile& profile);

}  // namespace hf::pki
