// Authorities and certificates of the register as REST and the command line tell them.
#pragma once

#include "pki/look_up.h"

namespace hf::pki {

[[nodiscard]] JsonObject to_json(const AuthoritySight& sight);
[[nodiscard]] JsonObject to_json(const StoredCertificate& certificate);

}  // namespace hf::pki
