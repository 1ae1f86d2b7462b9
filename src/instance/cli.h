// holdfast init.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::instance {

[[nodiscard]] std::span<const cli::Command> commands();

}  // namespace hf::instance
