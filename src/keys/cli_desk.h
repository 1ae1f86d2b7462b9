// The desk that a command's options name.
#pragma once

#include <memory>

#include "cli/command.h"
#include "keys/desk.h"

namespace hf::keys {

// --data, or --server with --token-file and --trust.
[[nodiscard]] std::vector<cli::Option> desk_options();
[[nodiscard]] Result<std::unique_ptr<Desk>> open_desk(const cli::Args& args);

}  // namespace hf::keys
