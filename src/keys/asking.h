// What asking for a signature and making one have in common.
#pragma once

#include "keys/register.h"

namespace hf::keys {

// HF-KEYS-0017 if the format carries the signer's certificate and none was given.
Result<void> check_certificate(const Format& format, const NewRequest& wanted);
// The wanted one, else the first that charter, format and key have in common. HF-KEYS-0016 if there is none.
[[nodiscard]] Result<crypto::SignatureScheme> scheme_for(const Charter& charter, const KeyVersion& version,
                                                         const Format& format,
                                                         std::optional<crypto::SignatureScheme> wanted);

}  // namespace hf::keys
