// holdfast sbom parse | validate: need no server and no database.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::sbom {

[[nodiscard]] std::span<const cli::Command> commands();

}  // namespace hf::sbom
