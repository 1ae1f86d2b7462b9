#include "vuln/commands.h"

#include <vector>

#include "vuln/db_dir/cli.h"
#include "vuln/identity/cli.h"
#include "vuln/scan/cli.h"

namespace hf::vuln {

std::span<const cli::Command> commands() {
  static const std::vector<cli::Command> list = [] {
    std::vector<cli::Command> all;
    for (const auto part : {identity_commands(), database_commands(), scan_commands()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return list;
}

}  // namespace hf::vuln
