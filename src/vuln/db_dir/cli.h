#pragma once

#include <span>

#include "cli/command.h"

namespace hf::vuln {

[[nodiscard]] std::span<const cli::Command> database_commands();

}  // namespace hf::vuln
