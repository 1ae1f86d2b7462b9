#include "keys/cli_rotation.h"

#include <ostream>

#include "keys/cli_installation.h"
#include "keys/rotation.h"

namespace hf::keys {
namespace {

const cli::Positional kName{"NAME", "The key's name"};

Result<cli::Exit> ask_for(Installation& open, const cli::Args& args, cli::Terminal& terminal, Charter next,
                          std::string_view reason) {
  HF_TRY(const auto request, open.service->ask(std::move(next), open.actor.name, open.actor.name,
                                               args.option("reason").value_or(reason), open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << request.digest << "\n";
  return cli::kOk;
}

Result<cli::Exit> activate(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(auto open, open_installation(args));
  HF_TRY(const auto key, open.service->key(args.positional(0)));
  HF_TRY(const auto next,
         open.instance->database().read([&](const db::Reader& reader) { return prepared_version(reader, key); }));
  if (!next)
    return fail(ErrorKind::conflict, "HF-KEYS-0034",
                "no version of " + key.name + " is prepared: 'holdfast key rotate' makes one");
  auto charter = with_active(key.charter, *next);
  if (const auto file = args.option("charter")) {
    HF_TRY(charter, charter_from_file(*file, key.name, charter.versions, &key.charter));
  }
  return ask_for(open, args, terminal, std::move(charter), "rotation to version " + std::to_string(next->version));
}

Result<cli::Exit> retire(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto number, args.integer("version", 1, 1, 1'000'000));
  HF_TRY(auto open, open_installation(args));
  HF_TRY(const auto key, open.service->key(args.positional(0)));
  HF_TRY(auto charter, with_retired(key.charter, int(number)));
  return ask_for(open, args, terminal, std::move(charter), "retirement of version " + std::to_string(number));
}

}  // namespace

Result<cli::Exit> rotate_key(const cli::Args& args, cli::Terminal& terminal) {
  std::optional<crypto::KeyAlgorithm> algorithm;
  if (const auto name = args.option("algorithm")) {
    algorithm = crypto::key_algorithm_of(*name);
    if (!algorithm)
      return fail(ErrorKind::invalid, "HF-CLI-0003",
                  "there is no such algorithm; 'holdfast key create --help' names them");
  }
  HF_TRY(const auto open, open_installation(args));
  HF_TRY(const auto made, prepare_version(open.instance->database(), open.instance->clock(), *open.signer,
                                          args.positional(0), algorithm, open.actor));
  HF_CHECK(open.instance->log().advance());
  terminal.out << "key          " << args.positional(0) << "\nversion      " << made.version
               << ", pre-active\nalgorithm    " << crypto::name_of(made.algorithm) << "\nfingerprint  "
               << to_hex(made.fingerprint) << "\n\nIt signs nothing yet. Publish it: holdfast key public "
               << args.positional(0) << " --version " << made.version
               << "\nThen ask for the charter under which it signs: holdfast key activate " << args.positional(0)
               << "\n";
  return cli::kOk;
}

std::span<const cli::Command> rotation_commands() {
  static const std::vector<cli::Command> table{
      {{"key activate",
        "Ask that the prepared version of a key signs, and the one before it no more",
        "A change of charter: its approvers decide, and 'holdfast sign run' puts it in force. The version before "
        "becomes\n"
        "verify-only, and every request and grant under the charter before has to be asked for again. Another "
        "algorithm needs\n"
        "its scheme in the policy: give the charter's file as well.",
        {kName},
        {instance::kDataOption,
         {"charter", "FILE", "The rest of the charter, JSON (default: as it is)"},
         {"reason", "TEXT", "Why"}},
        {"holdfast key activate px100-fw"}},
       activate},
      {{"key retire",
        "Ask that a verify-only version of a key is retired",
        "When nothing verifies with it any more. A change of charter, as 'holdfast key activate'.",
        {kName},
        {instance::kDataOption, {"version", "N", "The version", true}, {"reason", "TEXT", "Why"}},
        {"holdfast key retire px100-fw --version 1"}},
       retire},
  };
  return table;
}

}  // namespace hf::keys
