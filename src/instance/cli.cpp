#include "instance/cli.h"

#include <ostream>

#include "instance/instance.h"

namespace hf::instance {
namespace {

Result<cli::Exit> init(const cli::Args& args, cli::Terminal& terminal) {
  const auto data = data_of(args);
  HF_TRY(const auto instance, Instance::create(data, {std::string(args.option("origin").value_or("")),
                                                      std::string(args.option("database").value_or(""))}));
  HF_TRY(const auto key, instance->log().verifier_key());
  terminal.out << "data directory  " << instance->data().string() << "\norigin          " << instance->config().origin
               << "\ndatabase        " << instance->config().database << "\nverifier key    " << key.to_text() << "\n";
  return cli::kOk;
}

const cli::Command kCommands[] = {
    {{"init",
      "Make an installation: data directory, token with ledger key, database",
      "Safe to run again: what is there is kept. Give --origin the name under which third parties know your log, such "
      "as\n"
      "example.eu/holdfast; it is in every checkpoint for ever. Give --database postgresql://... to keep the rows in\n"
      "PostgreSQL; put the password in a password file (PGPASSFILE), never in the location. The database has to sort "
      "by\n"
      "bytes: CREATE DATABASE holdfast TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'.",
      {},
      {kDataOption,
       {"origin", "NAME", "Name of the evidence log in its checkpoints"},
       {"database", "LOCATION", "sqlite:PATH or postgresql://... (default sqlite:holdfast.db in the data directory)"}},
      {"holdfast init --data /var/lib/holdfast --origin example.eu/holdfast"}},
     init},
};

}  // namespace

std::span<const cli::Command> commands() { return kCommands; }

}  // namespace hf::instance
