#include "app/commands.h"

#include "instance/cli.h"
#include "instance/cli_db.h"
#include "ledger/cli.h"
#include "sbom/cli.h"
#include "vuln/identity/cli.h"

namespace hf::app {
namespace {

void append(std::vector<cli::Command>& list, std::span<const cli::Command> more) { list.insert(list.end(), more.begin(), more.end()); }

}  // namespace

const std::vector<cli::Command>& commands() {
  static const std::vector<cli::Command> all = [] {
    std::vector<cli::Command> list;
    // One line a domain.
    append(list, instance::commands());
    append(list, instance::db_commands());
    append(list, ledger::commands());
    append(list, sbom::commands());
    append(list, vuln::identity_commands());
    return list;
  }();
  return all;
}

}  // namespace hf::app
