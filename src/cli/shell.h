// Completion scripts and man pages, made from the Specs: what --help says, in the shell's and in man's words.
#pragma once

#include <span>
#include <string>

#include "cli/command.h"

namespace hf::cli {

enum class Shell { bash, zsh, fish };

// A script for the shell to source. Words and option names come from the Specs; files complete as files.
[[nodiscard]] std::string completion_of(Shell shell, std::span<const Command> commands);
// A page of section 1 in man(7) macros: of one command, or of the program as a whole.
[[nodiscard]] std::string man_page_of(const Spec& spec, std::string_view version);
[[nodiscard]] std::string man_page_of(std::span<const Command> commands, std::string_view version);

}  // namespace hf::cli
