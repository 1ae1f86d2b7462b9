#include "app/commands.h"

#include "app/serve.h"
#include "app/shell.h"
#include "catalog/cli.h"
#include "ceremony/cli.h"
#include "encryption/cli.h"
#include "factory/cli.h"
#include "fleet/cli.h"
#include "instance/cli.h"
#include "instance/cli_db.h"
#include "keys/agent/cli_agent.h"
#include "keys/cli.h"
#include "keys/cli_rotation.h"
#include "keys/formats/cli.h"
#include "ledger/cli.h"
#include "pki/cli.h"
#include "portfolio/cli.h"
#include "sbom/cli.h"
#include "silicon/cli.h"
#include "trace/cli.h"
#include "trace/cli_rotation.h"
#include "vuln/commands.h"

namespace hf::app {
namespace {

void append(std::vector<cli::Command>& list, std::span<const cli::Command> more) {
  list.insert(list.end(), more.begin(), more.end());
}

}  // namespace

const std::vector<cli::Command>& commands() {
  static const std::vector<cli::Command> all = [] {
    std::vector<cli::Command> list;
    // One line a domain.
    append(list, instance::commands());
    append(list, instance::db_commands());
    append(list, serve_commands());
    append(list, shell_commands());
    append(list, catalog::commands());
    append(list, fleet::commands());
    append(list, portfolio::commands());
    append(list, silicon::commands());
    append(list, keys::key_commands());
    append(list, trace::rotation_commands());
    append(list, keys::rotation_commands());
    append(list, keys::token_commands());
    append(list, keys::sign_commands());
    append(list, keys::artifact_commands());
    append(list, keys::agent_commands());
    append(list, keys::timestamp_commands());
    append(list, keys::debug_prepare_commands());
    append(list, keys::debug_commands());
    append(list, pki::commands());
    append(list, pki::issue_commands());
    append(list, pki::authority_commands());
    append(list, pki::certificate_commands());
    append(list, pki::ocsp_commands());
    append(list, pki::est_commands());
    append(list, ceremony::commands());
    append(list, ceremony::file_commands());
    append(list, ceremony::machine_commands());
    append(list, factory::factory_commands());
    append(list, factory::station_commands());
    append(list, encryption::register_commands());
    append(list, encryption::content_commands());
    append(list, trace::commands());
    append(list, ledger::commands());
    append(list, sbom::commands());
    append(list, vuln::commands());
    return list;
  }();
  return all;
}

}  // namespace hf::app
