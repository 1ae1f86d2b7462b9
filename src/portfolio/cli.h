// holdfast sbom add, vuln import: the commands that put SBOMs and feeds into an installation.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::portfolio {

[[nodiscard]] std::span<const cli::Command> commands();

}  // namespace hf::portfolio
