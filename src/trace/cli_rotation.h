// holdfast key rotate: a command of keys that tells what will follow, which only trace knows.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::trace {

[[nodiscard]] std::span<const cli::Command> rotation_commands();

}  // namespace hf::trace
