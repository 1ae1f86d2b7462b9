#include <ostream>

#include "crypto/sha256.h"
#include "keys/cli.h"
#include "keys/cli_installation.h"
#include "keys/debug_json.h"
#include "keys/formats/formats.h"

namespace hf::keys {
namespace {

constexpr std::size_t kAttestationMax = 1U << 20;
const cli::Positional kSession{"REQUEST", "Its digest, or the first 8 digits or more of it"};

Result<cli::Exit> list(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto limit, args.integer("limit", 200, 1, 10'000));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  HF_TRY(const auto sessions, instance->database().read([&](const db::Reader& reader) {
    return debug_sessions(reader, limit, instance->clock().now());
  }));
  const bool only_open = args.flag("open");
  std::vector<std::vector<std::string>> rows;
  for (const auto& session : sessions) {
    if (only_open && session.state != "open" && session.state != "overdue") continue;
    if (args.flag("json")) terminal.out << to_text(to_json(session)) << "\n";
    const auto& request = session.judged.stored.request;
    rows.push_back({session.judged.stored.digest.substr(0, 12), session.state, device_in_words(session),
                    std::string(text_at(session.facts(), "permissions")), request.requester,
                    month_of(session) + ": " + std::to_string(session.of_requester),
                    format_rfc3339(request.expires_at)});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty() ? "there is no such debug session\n"
                                  : cli::table(std::vector<std::string>{"request", "state", "device", "permissions",
                                                                        "requester", "in month", "expires_at"},
                                               rows));
  return cli::kOk;
}

Result<cli::Exit> show(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Register found(instance->database(), instance->clock(), &find_format);
  HF_TRY(const auto stored, found.request(args.positional(0)));
  HF_TRY(const auto session, found.debug_session(stored.digest));
  terminal.out << to_pretty_text(to_json(session)) << "\n";
  return cli::kOk;
}

Result<cli::Exit> close(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  const auto actor = instance::cli_actor();
  DebugClosing closing;
  closing.person = args.option("person").value_or(actor.name);
  closing.locked = *args.option("locked") == "yes";
  closing.note = args.option("note").value_or("");
  if (const auto file = args.option("attestation")) {
    HF_TRY(const auto bytes, read_file(*file, kAttestationMax));
    closing.attestation_sha256 = to_hex(crypto::sha256({bytes_of(bytes)}));
  }
  const Register found(instance->database(), instance->clock(), &find_format);
  HF_TRY(const auto stored, found.request(args.positional(0)));
  HF_CHECK(close_debug_session(instance->database(), instance->clock(), stored, closing, actor));
  HF_CHECK(instance->log().advance());
  terminal.out << stored.digest.substr(0, 12) << " is closed: the device "
               << (closing.locked ? "was locked again\n" : "was NOT locked again\n");
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> debug_commands() {
  static const std::vector<cli::Command> table{
      {{"debug list",
        "List debug sessions, newest first",
        "A session is a request of a debug format. It is open from its signature on until 'holdfast debug close', and "
        "overdue when\n"
        "its request has expired meanwhile. 'in month' counts what the same requester had signed in that month.",
        {},
        {instance::kDataOption,
         {"open", "", "Only those that are open or overdue"},
         {"limit", "N", "At most so many of each key (default 200)"},
         {"json", "", "Print one JSON object a line"}},
        {"holdfast debug list --open"}},
       list},
      {{"debug show",
        "Show a debug session: device, permissions, who asked, how it ended",
        "",
        {kSession},
        {instance::kDataOption},
        {"holdfast debug show 4f1c2a90"}},
       show},
      {{"debug close",
        "Record how a debug session ended",
        "Once, and on the ledger: whether the device was locked again, and the digest of what it says of itself now.",
        {kSession},
        {instance::kDataOption,
         {.name = "locked", .value = "YES", .help = "Locked again?", .required = true, .choices = {"yes", "no"}},
         {"attestation", "FILE", "What the device says of its state afterwards"},
         {"person", "NAME", "Who says so (default: who runs this)"},
         {"note", "TEXT", "For who reads it later"}},
        {"holdfast debug close 4f1c2a90 --locked yes --attestation discovery.bin --note 'sent back'"}},
       close},
  };
  return table;
}

}  // namespace hf::keys
