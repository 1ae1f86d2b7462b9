// What every command on keys works on: an installation, its signer process, the service over both.
#pragma once

#include <memory>

#include "cli/command.h"
#include "instance/instance.h"
#include "keys/service.h"

namespace hf::keys {

struct Installation {
  std::unique_ptr<instance::Instance> instance;
  std::unique_ptr<Signer> signer;
  std::unique_ptr<Service> service;
  ledger::Actor actor;
};

// Of the installation's token, or of those that were named to sign (signer/tokens.h); started on first use.
[[nodiscard]] Result<std::unique_ptr<Signer>> signer_of(instance::Instance& instance);
[[nodiscard]] Result<Installation> open_installation(const cli::Args& args);
// The signer's own command, started by the above and by the server.
[[nodiscard]] Result<cli::Exit> run_signer_command(const cli::Args& args, cli::Terminal& terminal);

[[nodiscard]] Result<std::string> read_file(std::string_view path, std::size_t size_max);

// A charter as people write it: without type, key, versions and succession; an approver's key as a PEM file's text.
[[nodiscard]] Result<Charter> charter_from_file(std::string_view path, std::string_view key,
                                                const std::vector<KeyVersion>& versions, const Charter* in_force);

}  // namespace hf::keys
