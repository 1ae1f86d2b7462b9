// `holdfast agent ...`: signatures for tools that only know a token, a callout or SPSDK's protocol.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::keys {

[[nodiscard]] std::span<const cli::Command> agent_commands();

}  // namespace hf::keys
