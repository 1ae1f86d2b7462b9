// Every command of the binary, from every domain.
#pragma once

#include <vector>

#include "cli/command.h"

namespace hf::app {

[[nodiscard]] const std::vector<cli::Command>& commands();

}  // namespace hf::app
