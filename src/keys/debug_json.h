// A debug session as REST and the command line tell it.
#pragma once

#include "keys/debug_session.h"

namespace hf::keys {

[[nodiscard]] JsonObject to_json(const DebugSession& session);
[[nodiscard]] std::string device_in_words(const DebugSession& session);

}  // namespace hf::keys
