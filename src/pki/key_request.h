// A request for a key on a token, which no PKCS #10 request speaks for.
#pragma once

#include <string_view>

#include "crypto/public_key.h"
#include "crypto/x509.h"

namespace hf::pki {

// Signed by nobody: whoever uses it must know whose key it is. HF-PKI-0007 for a bad name.
[[nodiscard]] Result<crypto::x509::Request> request_of_key(std::string_view subject, const crypto::PublicKey& key);

}  // namespace hf::pki
