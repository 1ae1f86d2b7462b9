// version compare | vers contains | cpe match | purl parse: the pure parts of matching, for people and for scripts.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::vuln {

[[nodiscard]] std::span<const cli::Command> identity_commands();

}  // namespace hf::vuln
