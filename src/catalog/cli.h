// holdfast catalog create|apply|show|list.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::catalog {

[[nodiscard]] std::span<const cli::Command> commands();

}  // namespace hf::catalog
