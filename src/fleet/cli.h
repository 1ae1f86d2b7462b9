// holdfast fleet import|report.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::fleet {

[[nodiscard]] std::span<const cli::Command> commands();

}  // namespace hf::fleet
