// holdfast artifact show | verify | formats: need no server, no database and no token.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::keys {

[[nodiscard]] std::span<const cli::Command> artifact_commands();

}  // namespace hf::keys
