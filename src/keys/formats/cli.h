// holdfast artifact show | verify | formats and holdfast debug prepare ...: need no server, no database and no token.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::keys {

[[nodiscard]] std::span<const cli::Command> artifact_commands();
[[nodiscard]] std::span<const cli::Command> timestamp_commands();  // artifact timestamp-query, timestamp-attach
[[nodiscard]] std::span<const cli::Command> debug_prepare_commands();

}  // namespace hf::keys
