// What certificates, CRLs and certificate requests have in common, for the files that read them.
#pragma once

#include "crypto/der.h"
#include "crypto/x509.h"

namespace hf::crypto::x509 {

// Extensions: the content of the SEQUENCE. `what` is set to what is wrong when there is none.
[[nodiscard]] std::optional<std::vector<Extension>> extensions_of(ByteView content, std::string& what);
[[nodiscard]] std::optional<AuthorityKeyId> authority_key_id_of(ByteView value);
[[nodiscard]] std::optional<bool> boolean_of(const DerValue& value);  // DER: 0x00 or 0xff
// Not negative, at most 2^63 - 1, in the shortest form.
[[nodiscard]] std::optional<std::uint64_t> number_of(ByteView integer);
[[nodiscard]] bool is_shortest_integer(ByteView integer);
// Fills the decoded members of a certificate from its extensions; empty, or what is wrong.
[[nodiscard]] std::string decode_extensions(Certificate& certificate);
// SEQUENCE { signed, AlgorithmIdentifier, BIT STRING }: certificates, CRLs, requests.
struct SignedParts {
  DerValue signed_part{};
  ByteView algorithm{}, signature{};
};
[[nodiscard]] std::optional<SignedParts> signed_parts_of(ByteView der);

}  // namespace hf::crypto::x509
