// The machine that is not connected: made once, and ceremonies run on it.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <cstdlib>
#include <istream>
#include <ostream>

#include "ceremony/cli.h"
#include "ceremony/cli_prompt.h"
#include "ceremony/run.h"

namespace hf::ceremony {
namespace {

namespace fs = std::filesystem;

constexpr cli::Option kMachine{"machine", "DIR",
                               "The machine's directory (default: $HOLDFAST_MACHINE, else ./machine)"};

fs::path machine_of(const cli::Args& args) {
  if (const auto given = args.option("machine")) return std::string(*given);
  const char* const set = std::getenv("HOLDFAST_MACHINE");
  return set && *set ? set : "machine";
}

// No core dump and no debugger of the same user: the token's PIN and session are in this process.
void harden() {
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
}

Result<cli::Exit> init(const cli::Args& args, cli::Terminal& terminal) {
  harden();
  MachineConfig config{.module = std::string(args.option("module").value_or("")),
                       .token_label = std::string(args.option("token-label").value_or("")),
                       .pin_file = std::string(args.option("pin-file").value_or(""))};
  if (config.module.empty() != config.pin_file.empty() || config.module.empty() != config.token_label.empty())
    return fail(ErrorKind::invalid, "HF-CLI-0001", "--module, --token-label and --pin-file go together");
  HF_TRY(config.manufacturer, public_keys_of(args.all("manufacturer-key")));
  HF_TRY(const auto machine, Machine::init(std::string(args.positional(0)), config));
  HF_TRY(const auto token, machine.token());
  HF_TRY(const auto info, token->info());
  terminal.out << "token        " << info.label << ", serial " << info.serial << "\n";
  for (const auto& key : machine.config().manufacturer)
    terminal.out << "trusts       " << to_hex(crypto::fingerprint_of(key)) << "\n";
  return cli::kOk;
}

Result<cli::Exit> run(const cli::Args& args, cli::Terminal& terminal) {
  harden();
  if (args.option("exception") && args.option("abandon"))
    return fail(ErrorKind::invalid, "HF-CLI-0001", "--exception and --abandon do not go together");
  HF_TRY(const auto envelope, read_file(args.positional(0), kScriptFileMax));
  HF_TRY(const auto machine, Machine::open(machine_of(args)));
  const SystemClock clock;
  HF_TRY(const auto run, Run::open(machine, envelope, clock));
  Conductor conductor(*run, terminal);
  if (const auto reason = args.option("exception")) HF_CHECK(conductor.except(*reason));
  if (const auto reason = args.option("abandon")) HF_CHECK(conductor.abandon(*reason));
  HF_CHECK(conductor.go_on());
  const auto& transcript = run->transcript();
  terminal.out << "\n" << table_of(transcript) << "\ntranscript   " << (run->folder() / "transcript").string() << "\n";
  if (transcript.over()) {
    terminal.out << "the ceremony is " << (transcript.complete() ? "complete" : "abandoned")
                 << ": take the transcript to 'holdfast ceremony import'\n";
    return transcript.complete() ? cli::kOk : cli::kNo;
  }
  terminal.out << "stopped at the step " << transcript.next()->id << ": the same command goes on there\n";
  return cli::kNo;
}

}  // namespace

std::span<const cli::Command> machine_commands() {
  static const std::vector<cli::Command> list{
      {{"ceremony init",
        "Make the machine on which ceremonies run, without a network",
        "It takes scripts that one of these keys signed, and no others. Keys are made by ceremonies, on SoftHSM's "
        "token or "
        "on that of\na PKCS #11 module.",
        {{"DIR", "The machine's directory, which it makes"}},
        {{"manufacturer-key", "FILE", "A public key whose scripts are taken, PEM or DER", true, true},
         {"module", "FILE", "Another PKCS #11 module than SoftHSM"},
         {"token-label", "LABEL", "Its token"},
         {"pin-file", "FILE", "Its user PIN, mode 0600"}},
        {"holdfast ceremony init machine --manufacturer-key ceremonies.pub.pem"}},
       init},
      {{"ceremony run",
        "Run an approved script, step by step, or go on where it stopped",
        "Asks for what each step needs, writes down what came of it, and has actor and witnesses sign that: each gets "
        "a "
        "statement in\na file, signs its bytes with the credential that the script names (openssl dgst -sign, "
        "pkcs11-tool "
        "--sign, or a file of\nauthenticator_data, client_data and signature in hex for WebAuthn), and names the "
        "signature's "
        "file. 'reject' instead of a\nfile has the statement rejected: the step is then done again. What differs from "
        "what "
        "the script expects stops it.",
        {{"SCRIPT", "In its envelope, as 'holdfast sign run' wrote it"}},
        {kMachine,
         {"exception", "REASON", "Go on over the step where it stopped, for a reason that its people sign"},
         {"abandon", "REASON", "End the ceremony there"}},
        {"holdfast ceremony run root.dsse.json --machine machine"}},
       run},
  };
  return list;
}

}  // namespace hf::ceremony
