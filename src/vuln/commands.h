// The commands of this domain that need no server: identities, the offline database, scans.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::vuln {

[[nodiscard]] std::span<const cli::Command> commands();

}  // namespace hf::vuln
