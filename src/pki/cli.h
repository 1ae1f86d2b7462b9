// Commands on certificates that need no server: pki lint, pki verify-chain, pki profiles, crypto verify.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::pki {

[[nodiscard]] std::span<const cli::Command> commands();
[[nodiscard]] std::span<const cli::Command> issue_commands();  // pki prepare, prepare-root, prepare-crl

}  // namespace hf::pki
