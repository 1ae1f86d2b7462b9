// pki est add, list, pending, approve, reject.
#include <charconv>
#include <ostream>

#include "instance/instance.h"
#include "pki/cli.h"
#include "pki/cli_files.h"
#include "pki/enrolment.h"

namespace hf::pki {
namespace {

constexpr std::size_t kTrustMax = 256U << 10;

struct Open {
  std::unique_ptr<instance::Instance> instance;
  std::unique_ptr<Registry> registry;
  std::unique_ptr<Enrolment> enrolment;
};
Result<Open> open(const cli::Args& args, bool to_read) {
  Open made;
  const auto data = instance::data_of(args);
  HF_TRY(made.instance, to_read ? instance::Instance::open_to_read(data) : instance::Instance::open(data));
  auto& database = made.instance->database();
  made.registry = std::make_unique<Registry>(database, made.instance->clock());
  made.enrolment = std::make_unique<Enrolment>(*made.registry, nullptr, database, made.instance->clock());
  return made;
}

Result<cli::Exit> add(const cli::Args& args, cli::Terminal& terminal) {
  const auto text = [&](std::string_view option) { return std::string(args.option(option).value_or("")); };
  StoredLabel wanted{.label = std::string(args.positional(0)),
                     .authority = text("ca"),
                     .profile = text("profile"),
                     .grant = text("grant"),
                     .product = text("product"),
                     .approval = args.flag("approval")};
  HF_TRY(wanted.grace_hours, args.integer("grace-hours", 0, 0, 87'600));
  if (const auto file = args.option("trust")) {
    HF_TRY(const auto bytes, read_file(*file, kTrustMax));
    HF_CHECK(crypto::pem_blocks(text_of(bytes), "CERTIFICATE"));
    wanted.trust = std::string(text_of(bytes));
  }
  HF_TRY(const auto opened, open(args, false));
  HF_CHECK(opened.enrolment->add(wanted, instance::cli_actor()));
  HF_CHECK(opened.instance->log().advance());
  terminal.out << "/.well-known/est/" << wanted.label << " enrols into " << wanted.authority << ", " << wanted.profile
               << (wanted.approval ? ", after a decision\n" : "\n");
  return cli::kOk;
}

Result<cli::Exit> list(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto opened, open(args, true));
  HF_TRY(const auto labels, opened.enrolment->labels());
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : labels) {
    if (args.flag("json"))
      terminal.out << to_text(JsonObject{{"label", one.label},
                                         {"ca", one.authority},
                                         {"profile", one.profile},
                                         {"product", one.product},
                                         {"grant", one.grant},
                                         {"approval", one.approval},
                                         {"grace_hours", one.grace_hours}})
                   << "\n";
    rows.push_back({one.label, one.authority, one.profile, one.product, one.grant.substr(0, 12),
                    one.approval ? "decided" : "at once"});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty()
                         ? "there is no EST label yet; 'holdfast pki est add' makes one\n"
                         : cli::table(std::vector<std::string>{"label", "ca", "profile", "product", "grant", "first"},
                                      rows));
  return cli::kOk;
}

Result<cli::Exit> pending(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto opened, open(args, true));
  HF_TRY(const auto waiting, opened.enrolment->pending(1'000));
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : waiting) {
    if (args.flag("json"))
      terminal.out << to_text(JsonObject{{"id", one.id},
                                         {"label", one.label},
                                         {"subject", one.subject},
                                         {"requester", one.requester},
                                         {"csr_sha256", one.csr_sha256},
                                         {"asked_at", format_rfc3339(one.asked_at)}})
                   << "\n";
    rows.push_back({std::to_string(one.id), one.label, one.subject, one.requester, format_rfc3339(one.asked_at)});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty()
                         ? "nobody waits\n"
                         : cli::table(std::vector<std::string>{"id", "label", "subject", "requester", "asked_at"},
                                      rows));
  return cli::kOk;
}

Result<cli::Exit> decide(const cli::Args& args, cli::Terminal& terminal, bool approve) {
  std::int64_t id = 0;
  const auto word = args.positional(0);
  const auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), id);
  if (wrong != std::errc() || end != word.data() + word.size())
    return fail(ErrorKind::invalid, "HF-CLI-0003", "the id is a number of 'holdfast pki est pending'");
  HF_TRY(const auto opened, open(args, false));
  HF_CHECK(opened.enrolment->decide(id, approve, args.option("reason").value_or(""), instance::cli_actor()));
  HF_CHECK(opened.instance->log().advance());
  terminal.out << (approve ? "approved: the client gets its certificate when it asks again\n" : "rejected\n");
  return cli::kOk;
}
Result<cli::Exit> approve(const cli::Args& args, cli::Terminal& terminal) { return decide(args, terminal, true); }
Result<cli::Exit> reject(const cli::Args& args, cli::Terminal& terminal) { return decide(args, terminal, false); }

}  // namespace

std::span<const cli::Command> est_commands() {
  static const cli::Option json{.name = "json", .value = "", .help = "Print one JSON object a line"};
  static const cli::Option reason{.name = "reason", .value = "TEXT", .help = "Why"};
  static const cli::Positional id{.name = "ID", .help = "Of holdfast pki est pending"};
  static const std::vector<cli::Command> table{
      {{.name = "pki est add",
        .summary = "Let devices enrol over EST under a label (RFC 7030)",
        .details =
            "The label is the path below /.well-known/est; 'default' is that of the paths without one. First\n"
            "enrolments need an API token with the permission pki.enroll, as the password of HTTP Basic; renewals the\n"
            "certificate that is renewed. A further 'add' of a label takes the place of the one before.",
        .positionals = {{.name = "LABEL", .help = "Letters, digits, '_' and '-'"}},
        .options = {instance::kDataOption,
                    {.name = "ca", .value = "NAME", .help = "That issues", .required = true},
                    {.name = "profile", .value = "PROFILE", .help = "One of the CA's", .required = true},
                    {.name = "grant",
                     .value = "REQUEST",
                     .help = "holdfast sign grant --format x509 --requester service:est",
                     .required = true},
                    {.name = "product", .value = "PATH", .help = "Else the grant's"},
                    {.name = "approval", .value = "", .help = "Somebody decides on each first enrolment"},
                    {.name = "grace-hours", .value = "N", .help = "After its end, a certificate still renews; else 0"},
                    {.name = "trust", .value = "FILE", .help = "More certificates of cacerts, PEM: an offline root"}},
        .examples = {"holdfast pki est add line-1 --ca devices --profile idevid --grant 4f1c2a90 --trust root.pem"}},
       &add},
      {{.name = "pki est list",
        .summary = "List the labels of EST",
        .details = "",
        .options = {instance::kDataOption, json},
        .examples = {"holdfast pki est list"}},
       &list},
      {{.name = "pki est pending",
        .summary = "List first enrolments that wait for a decision",
        .details = "",
        .options = {instance::kDataOption, json},
        .examples = {"holdfast pki est pending"}},
       &pending},
      {{.name = "pki est approve",
        .summary = "Let an enrolment through",
        .details = "",
        .positionals = {id},
        .options = {instance::kDataOption, reason},
        .examples = {"holdfast pki est approve 1207"}},
       &approve},
      {{.name = "pki est reject",
        .summary = "Turn an enrolment away, for good",
        .details = "",
        .positionals = {id},
        .options = {instance::kDataOption, reason},
        .examples = {"holdfast pki est reject 1207 --reason 'unknown device'"}},
       &reject},
  };
  return table;
}

}  // namespace hf::pki
