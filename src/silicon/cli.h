// holdfast silicon list | show: the catalogue, offline.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::silicon {

[[nodiscard]] std::span<const cli::Command> commands();

}  // namespace hf::silicon
