// holdfast ledger prove | tail | verify, and holdfast verify, which needs no installation.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::ledger {

[[nodiscard]] std::span<const cli::Command> commands();

}  // namespace hf::ledger
