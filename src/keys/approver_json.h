// People and their credentials as documents have them: charters, and scripts of ceremonies.
#pragma once

#include "keys/charter.h"

namespace hf::keys {

[[nodiscard]] JsonObject to_json(const Approver& approver);
[[nodiscard]] Approver read_approver(Fields& in);

}  // namespace hf::keys
