// What every command that changes something works on.
#pragma once

#include <memory>

#include "cli/command.h"
#include "encryption/service.h"
#include "instance/instance.h"

namespace hf::encryption {

struct Installation {
  std::unique_ptr<instance::Instance> instance;
  std::unique_ptr<crypto::KekStore> token;
  std::unique_ptr<Service> service;
  ledger::Actor actor;
};
[[nodiscard]] Result<Installation> open_installation(const cli::Args& args);

}  // namespace hf::encryption
