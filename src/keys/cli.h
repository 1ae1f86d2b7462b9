// `holdfast key ...`, `holdfast sign ...` and `holdfast debug list | show | close` on an installation, and `holdfast
// signer`.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::keys {

[[nodiscard]] std::span<const cli::Command> key_commands();    // key ..., signer
[[nodiscard]] std::span<const cli::Command> token_commands();  // key tokens, use-token, drop-token
[[nodiscard]] std::span<const cli::Command> sign_commands();   // sign ...
[[nodiscard]] std::span<const cli::Command> debug_commands();  // debug list, show, close

}  // namespace hf::keys
