// Ceremonies of the installation: register, list, show, import, accept.
#include "ceremony/cli.h"

#include <algorithm>
#include <limits>
#include <ostream>

#include "ceremony/http.h"
#include "crypto/verification.h"
#include "instance/instance.h"

namespace hf::ceremony {
namespace {

constexpr cli::Option kJson{"json", "", "Print JSON"};
const cli::Positional kCeremony{"CEREMONY", "The digest of its script, or the first 8 digits or more"};

Result<cli::Exit> register_script(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto envelope, read_file(args.positional(0), kScriptFileMax));
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(const auto digest,
         Service(instance->database(), instance->clock()).register_script(envelope, instance::cli_actor()));
  HF_CHECK(instance->log().advance());
  terminal.out << digest << "\n";
  return cli::kOk;
}

Result<cli::Exit> list(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto limit, args.integer("limit", 50, 1, 10'000));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  HF_TRY(const auto lines,
         Service(instance->database(), instance->clock()).lines(std::numeric_limits<std::int64_t>::max(), limit));
  std::vector<std::vector<std::string>> rows;
  for (const auto& line : lines) {
    const auto json = line_json(line);
    if (args.flag("json")) terminal.out << to_text(json) << "\n";
    rows.push_back({line.script.sha256.substr(0, 12), line.script.script.title, line.script.script.place,
                    std::string(keys::text_at(json, "state")), std::string(keys::text_at(json, "ended_at")),
                    std::to_string(line.alarms)});
  }
  if (!args.flag("json"))
    terminal.out << (rows.empty() ? "there is no ceremony yet; 'holdfast ceremony prepare' writes a script\n"
                                  : cli::table(std::vector<std::string>{"ceremony", "title", "place", "state",
                                                                        "ended_at", "alarms"},
                                               rows));
  return cli::kOk;
}

std::vector<std::vector<std::string>> rows_of(const std::vector<Alarm>& alarms) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : alarms)
    rows.push_back({one.kind, one.position > 0 ? std::to_string(one.position) : std::string(), one.detail});
  return rows;
}
const std::vector<std::string> kAlarmHeader{"alarm", "step", "what"};

Result<cli::Exit> show(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Service service(instance->database(), instance->clock());
  HF_TRY(const auto sight, service.sight(args.positional(0)));
  if (const auto out = args.option("transcript")) {
    HF_TRY(const auto text, service.transcript(sight.script.sha256));
    HF_CHECK(write_file(*out, bytes_of(text)));
  }
  if (args.flag("json")) {
    terminal.out << to_text(sight_json(sight)) << "\n";
    return cli::kOk;
  }
  const auto& script = sight.script.script;
  terminal.out << script.title << ", " << script.place << "\n"
               << script.purpose << "\n\nscript       " << sight.script.sha256 << "\nsigned by    " << sight.script.key
               << "\n";
  if (sight.ceremony)
    terminal.out << "run          " << sight.ceremony->run << ", " << sight.ceremony->outcome << "\ntoken        "
                 << sight.ceremony->token << "\nfrom         " << format_rfc3339(sight.ceremony->started_at)
                 << "\nuntil        " << format_rfc3339(sight.ceremony->ended_at) << "\nentry        "
                 << sight.ceremony->entry << "\n";
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < script.steps.size(); ++i) {
    const auto& step = script.steps[i];
    const auto done = std::ranges::find(sight.steps, std::int64_t(i) + 1, &StoredStep::position);
    const bool there = done != sight.steps.end();
    rows.push_back({std::to_string(i + 1), step.id, std::string(keys::name_of(step.kind)),
                    there ? done->outcome : std::string(), there ? done->actor : step.actor,
                    keys::joined(there ? done->witnesses : step.witnesses),
                    there ? done->actual.value_or("-") : step.expected.value_or("-")});
  }
  terminal.out << "\n"
               << cli::table(std::vector<std::string>{"step", "id", "kind", "outcome", "actor", "witnesses",
                                                      sight.ceremony ? "actual" : "expected"},
                             rows);
  if (!sight.alarms.empty()) terminal.out << "\nAlarms\n" << cli::table(kAlarmHeader, rows_of(sight.alarms));
  return cli::kOk;
}

Result<cli::Exit> import(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto text, read_file(args.positional(0), kTranscriptFileMax));
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(const auto done,
         Service(instance->database(), instance->clock()).import(text_of(text), instance::cli_actor()));
  HF_CHECK(instance->log().advance());
  JsonArray alarms;
  for (const auto& one : done.alarms)
    alarms.push_back(JsonObject{{"kind", one.kind}, {"position", one.position}, {"detail", one.detail}});
  if (args.flag("json")) {
    terminal.out << to_text(JsonObject{{"script_sha256", done.script_sha256},
                                       {"run", done.run},
                                       {"steps", done.steps},
                                       {"known", done.known},
                                       {"alarms", std::move(alarms)}})
                 << "\n";
  } else {
    terminal.out << (done.known ? "imported before: " : "imported: ") << done.steps << " steps of ceremony "
                 << done.script_sha256.substr(0, 12) << "\n";
    if (!done.alarms.empty())
      terminal.out << "\n" << done.alarms.size() << " alarms\n" << cli::table(kAlarmHeader, rows_of(done.alarms));
  }
  return done.alarms.empty() ? cli::kOk : cli::kNo;
}

Result<cli::Exit> accept(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto response, read_file(args.positional(0), kResponseMax));
  HF_TRY(const auto envelope, read_file(*args.option("request"), kScriptFileMax));
  HF_TRY(const auto request, request_in(envelope));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  HF_TRY(const auto answer, Service(instance->database(), instance->clock()).read_answer(response));
  if (answer.request_sha256 != request.sha256)
    return fail(ErrorKind::conflict, "HF-CEREMONY-0017",
                "the response is to another request: " + answer.request_sha256 + " and not " + request.sha256);
  const bool certificate = !answer.certificate.empty();
  // A distribution point has the CRL's DER (RFC 5280 4.2.1.13).
  HF_CHECK(write_file(*args.option("out"), certificate ? bytes_of(crypto::pem_of("CERTIFICATE", answer.certificate))
                                                       : ByteView(answer.crl)));
  terminal.out << (certificate ? "certificate  " : "CRL          ")
               << to_hex(crypto::sha256({certificate ? answer.certificate : answer.crl})) << "\nceremony     "
               << answer.script_sha256 << "\nconfirmed by " << answer.record.actor << ", "
               << keys::joined(answer.record.witnesses) << "\n";
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> commands() {
  static const std::vector<cli::Command> table{
      {{"ceremony register",
        "Take an approved script into the register, so that everyone sees what is planned",
        "A transcript that is imported brings its script with it.",
        {{"SCRIPT", "In its envelope, as 'holdfast sign run' wrote it"}},
        {instance::kDataOption},
        {"holdfast ceremony register root.dsse.json"}},
       register_script},
      {{"ceremony list",
        "List ceremonies, newest first",
        "",
        {},
        {instance::kDataOption,
         {"limit", "N", "At most so many (default 50)"},
         {"json", "", "Print one JSON object a line"}},
        {"holdfast ceremony list"}},
       list},
      {{"ceremony show",
        "Show a ceremony: its steps, what came of each, and what did not go as the script has it",
        "",
        {kCeremony},
        {instance::kDataOption, {"transcript", "FILE", "Write the transcript there, as it was imported"}, kJson},
        {"holdfast ceremony show 4f1c2a90"}},
       show},
      {{"ceremony import",
        "Verify the transcript of a ceremony and put it on the ledger",
        "Script and who approved it, chain, order, people, signatures and what was made are verified. What did not go "
        "as "
        "the script\nhas it is an alarm, which stays, and the exit code is 1. Imported again it changes nothing.",
        {{"TRANSCRIPT", "As 'holdfast ceremony run' wrote it"}},
        {instance::kDataOption, kJson},
        {"holdfast ceremony import transcript"}},
       import},
      {{"ceremony accept",
        "Verify what an offline CA answered to a request, and write certificate or CRL",
        "The script must be signed by a key of the register, the step confirmed by its people, and the answer what the "
        "request asks\nfor.",
        {{"RESPONSE", "As the ceremony exported it"}},
        {instance::kDataOption,
         {"request", "FILE", "The request in its envelope", true},
         {"out", "FILE", "Certificate (PEM) or CRL (DER)", true}},
        {"holdfast ceremony accept ca.pem.response.json --request request.dsse.json --out ca.pem"}},
       accept},
  };
  return table;
}

}  // namespace hf::ceremony
