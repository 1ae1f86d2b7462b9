// What OpenSSL reads past in a SignedData, for the files of this domain that verify one.
#pragma once

#include <optional>
#include <string_view>

#include "crypto/der.h"

namespace hf::crypto {

// What is wrong with a ContentInfo of SignedData (RFC 5652): not one DER value, not exactly one signer and digest
// algorithm, versions that are not those of its content and signer, algorithms that do not belong together or are not
// SHA-2, CRLs. `identifier`: the signer's, SEQUENCE or [0].
[[nodiscard]] std::optional<std::string_view> fault_of_signed_data(ByteView bytes, DerValue& identifier);

}  // namespace hf::crypto
