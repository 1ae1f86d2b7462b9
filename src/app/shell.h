// holdfast completion, holdfast man.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::app {

[[nodiscard]] std::span<const cli::Command> shell_commands();

}  // namespace hf::app
