// COSE_Sign1 (RFC 9052 4.2, 4.4) with detached payload and the algorithm alone in its protected header.
#pragma once

#include "crypto/cbor.h"
#include "crypto/public_key.h"

namespace hf::crypto {

// ES256 -7, ES384 -35, EdDSA -8 (RFC 9053 2): none of RSA.
[[nodiscard]] std::optional<std::int64_t> cose_algorithm_of(SignatureScheme scheme);
// The encoded Sig_structure, which is what the scheme signs.
[[nodiscard]] Bytes cose_to_sign(SignatureScheme scheme, ByteView payload);
// Tag 18, [protected, {}, nil, signature].
[[nodiscard]] Bytes cose_sign1(SignatureScheme scheme, ByteView signature);
// HF-COSE-0001: it is not such, has another header parameter than the algorithm and an unprotected key id, or an
// algorithm that is not taken.
struct CoseSign1 {
  SignatureScheme scheme{};
  Bytes signature{};
};
[[nodiscard]] Result<CoseSign1> parse_cose_sign1(ByteView bytes);

}  // namespace hf::crypto
