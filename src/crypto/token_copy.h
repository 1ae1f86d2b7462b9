// A second copy of what SoftHSM cannot lose.
//
// At every C_Login SoftHSM 2.6 writes token.object in place: ftruncate to 0, then one write. A process that is killed
// between the two leaves an empty file, SoftHSM no longer shows the token, and with it goes the only (PIN-encrypted)
// copy of the key that all objects are encrypted with. Callers hold the lock of the token's log-ins.
#pragma once

#include <filesystem>

#include "base/error.h"

namespace hf::crypto {

// <directory>/tokens/<token>/token.object to <directory>/kept/<token>.object, where it differs and is not shorter.
// HF-FILE-*, HF-TOKEN-0004.
[[nodiscard]] Result<void> keep_token_objects(const std::filesystem::path& directory);

// Puts the kept copy back where token.object is gone or shorter. An object of the full length is left as it is: it may
// hold a PIN that was changed since. HF-FILE-*, HF-TOKEN-0004.
[[nodiscard]] Result<void> restore_token_objects(const std::filesystem::path& directory);

}  // namespace hf::crypto
