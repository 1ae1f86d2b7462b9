// The commands of a rotation. `key rotate` itself is a command of trace, which alone can say what will follow.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::keys {

[[nodiscard]] std::span<const cli::Command> rotation_commands();  // key activate, key retire
// Makes the next version of the key, with the options --data and --algorithm.
[[nodiscard]] Result<cli::Exit> rotate_key(const cli::Args& args, cli::Terminal& terminal);

}  // namespace hf::keys
