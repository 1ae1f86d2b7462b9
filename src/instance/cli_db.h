// holdfast db migrate | check | backup | restore.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::instance {

[[nodiscard]] std::span<const cli::Command> db_commands();

}  // namespace hf::instance
