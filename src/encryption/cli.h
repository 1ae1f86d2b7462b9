// holdfast encrypt ...
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::encryption {

[[nodiscard]] std::span<const cli::Command> register_commands();  // keys, permits, recipients
[[nodiscard]] std::span<const cli::Command> content_commands();   // content keys, files

}  // namespace hf::encryption
