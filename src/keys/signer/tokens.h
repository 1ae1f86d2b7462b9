// Which tokens sign: the installation's own, or those that signer.json beside its directory names. Several are a
// failover group with the same keys (crypto/token_group.h).
//
//   <token directory>/signer.json   {"tokens":[{"module":"/usr/lib/...so","label":"hsm-1","pin_file":"/etc/..."}]}
#pragma once

#include <vector>

#include "crypto/token_setup.h"

namespace hf::keys {

inline constexpr std::size_t kTokensMax = 16;

// In order; never empty. HF-SIGNER-0014: signer.json cannot be read.
[[nodiscard]] Result<std::vector<crypto::TokenConfig>> signing_tokens(const crypto::TokenConfig& own);
// None: the installation's own again. HF-SIGNER-0014 for more than kTokensMax, HF-FILE-*.
Result<void> keep_signing_tokens(const crypto::TokenConfig& own, const std::vector<crypto::TokenConfig>& tokens);

}  // namespace hf::keys
