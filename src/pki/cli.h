// Commands on certificates. The first two tables need no installation.
#pragma once

#include <span>

#include "cli/command.h"

namespace hf::pki {

[[nodiscard]] std::span<const cli::Command> commands();              // pki lint, verify-chain, profiles; crypto verify
[[nodiscard]] std::span<const cli::Command> issue_commands();        // pki prepare, prepare-root, prepare-crl
[[nodiscard]] std::span<const cli::Command> authority_commands();    // pki ca add | list | show | freeze | unfreeze
[[nodiscard]] std::span<const cli::Command> ocsp_commands();         // pki ocsp add, ocsp-respond
[[nodiscard]] std::span<const cli::Command> est_commands();          // pki est add | list | pending | approve | reject
[[nodiscard]] std::span<const cli::Command> certificate_commands();  // pki issue, list, show, revoke, crl, ...

}  // namespace hf::pki
