#include "app/commands.h"

namespace hf::app {

const std::vector<cli::Command>& commands() {
  static const std::vector<cli::Command> all = [] {
    std::vector<cli::Command> list;
    // One line a domain: append(list, sbom::commands());
    return list;
  }();
  return all;
}

}  // namespace hf::app
