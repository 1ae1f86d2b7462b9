// holdfast serve: the composition root of the server.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::app {

[[nodiscard]] std::span<const cli::Command> serve_commands();

}  // namespace hf::app
