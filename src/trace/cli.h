// holdfast trace product|key|vulnerability|device, exposed, today, search.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::trace {

[[nodiscard]] std::span<const cli::Command> commands();

}  // namespace hf::trace
