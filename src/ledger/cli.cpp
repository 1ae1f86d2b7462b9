#include "ledger/cli.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <ostream>
#include <thread>

#include <fmt/format.h>

#include "instance/instance.h"
#include "ledger/bundle.h"
#include "ledger/listing.h"
#include "ledger/verify.h"

namespace hf::ledger {
namespace {

constexpr std::size_t kFileMax = 1U << 27;

Result<std::string> read_text(std::string_view name, cli::Terminal& terminal) {
  const auto read = [&](std::istream& in) -> Result<std::string> {
    std::string text;
    char piece[1 << 16];
    while (in.read(piece, sizeof piece), in.gcount() > 0) {
      text.append(piece, std::size_t(in.gcount()));
      if (text.size() > kFileMax)
        return fail(ErrorKind::limit, "HF-BUNDLE-0004", "the file is larger than any evidence bundle");
    }
    return text;
  };
  if (name == "-") return read(terminal.in);
  std::ifstream file{std::string(name), std::ios::binary};
  if (!file)
    return fail(ErrorKind::not_found, "HF-BUNDLE-0005", "there is no readable file '" + std::string(name) + "'");
  return read(file);
}

// --key: a verifier key, or the name of a file that holds one.
Result<std::optional<VerifierKey>> pinned_key(const cli::Args& args, cli::Terminal& terminal) {
  const auto given = args.option("key");
  if (!given) return std::optional<VerifierKey>();
  if (auto key = VerifierKey::parse(*given)) return std::optional(*std::move(key));
  HF_TRY(const auto text, read_text(*given, terminal));
  HF_TRY(auto key, VerifierKey::parse(trim(text)));
  return std::optional(std::move(key));
}

std::string text_of_member(const JsonObject& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  return member && member->is_string() ? std::string(std::string_view(member->get_string())) : std::string();
}

std::string subjects_of(const JsonObject& body) {
  std::string text;
  if (const auto* subjects = body.if_contains("subjects"); subjects && subjects->is_array())
    for (const auto& subject : subjects->get_array())
      if (subject.is_string()) text += (text.empty() ? "" : " ") + std::string(std::string_view(subject.get_string()));
  return text;
}

// What data say must not drive a terminal.
std::string harmless(std::string text) {
  for (auto& c : text)
    if (std::uint8_t(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

Result<std::uint64_t> number_of(std::string_view text) {
  const auto number = parse_tree_number(text);
  if (!number)
    return fail(ErrorKind::invalid, "HF-CLI-0002",
                "'" + std::string(text) + "' is not an entry: give its id, or index:N");
  return *number;
}

Result<EntryId> entry_named(Log& log, std::string_view text) {
  constexpr std::string_view kIndex = "index:";
  if (!text.starts_with(kIndex)) {
    HF_TRY(const auto id, number_of(text));
    return EntryId{std::int64_t(id)};
  }
  HF_TRY(const auto index, number_of(text.substr(kIndex.size())));
  HF_TRY(const auto entry,
         log.database().read([&](const db::Reader& reader) { return Store(reader).entry_at(index); }));
  if (!entry) return fail(ErrorKind::not_found, "HF-LEDGER-0010", "the ledger has no entry at this index");
  return entry->id;
}

Result<cli::Exit> prove(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  auto& log = instance->log();
  HF_CHECK(log.advance());  // where no server runs, nobody else publishes
  HF_TRY(const auto entry, entry_named(log, args.positional(0)));
  std::optional<std::uint64_t> event;
  if (args.option("event")) {
    HF_TRY(const auto position, args.integer("event", 0, 0, std::numeric_limits<std::int64_t>::max()));
    event = std::uint64_t(position);
  }
  HF_TRY(const auto bundle, evidence_bundle(log, entry, event));
  const auto out = args.option("out");
  if (!out) {
    terminal.out << bundle_text(bundle);
    return cli::kOk;
  }
  std::ofstream file{std::string(*out), std::ios::binary | std::ios::trunc};
  file << bundle_text(bundle) << std::flush;
  if (!file) return fail(ErrorKind::unavailable, "HF-LEDGER-0014", "cannot write '" + std::string(*out) + "'");
  terminal.out << "written to " << *out << "; anyone can check it with: holdfast verify " << *out << " --key '"
               << text_of_member(bundle, "key") << "'\n";
  return cli::kOk;
}

void show_entries(const Listing& listing, bool json, std::ostream& out) {
  for (const auto& entry : listing.entries) {
    const auto object = entry_json(entry, listing.published);
    if (json) {
      out << to_text(object) << "\n";
      continue;
    }
    const auto* body = object.at("body").if_object();
    out << harmless(fmt::format(
               "{:>8}  {:>8}  {:<10}  {:<27}  {:<24}  {:<20}  {}", entry.index ? std::to_string(*entry.index) : "-",
               entry.id.value, std::string_view(object.at("state").get_string()), format_rfc3339(entry.recorded_at),
               entry.kind, body ? text_of_member(*body, "actor") : "(damaged)", body ? subjects_of(*body) : ""))
        << "\n";
  }
  out.flush();
}

Result<cli::Exit> tail(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto limit, args.integer("limit", 20, 1, 10'000));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const auto subject = args.option("subject").value_or("");
  const bool json = args.flag("json");
  if (!json)
    terminal.out << fmt::format("{:>8}  {:>8}  {:<10}  {:<27}  {:<24}  {:<20}  {}\n", "index", "entry", "state",
                                "recorded at", "kind", "actor", "subjects");
  if (args.flag("follow")) {
    HF_CHECK(follow_entries(
        instance->database(), subject, limit,
        [&](const Listing& listing) { return show_entries(listing, json, terminal.out), terminal.out.good(); },
        [&] {
          std::this_thread::sleep_for(std::chrono::milliseconds(200));
          return terminal.out.good();
        }));
    return cli::kOk;
  }
  HF_TRY(auto listing, list_entries(instance->database(), subject, std::numeric_limits<std::int64_t>::max(), limit));
  std::reverse(listing.entries.begin(), listing.entries.end());
  show_entries(listing, json, terminal.out);
  return cli::kOk;
}

Result<cli::Exit> verify_log(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(auto key, pinned_key(args, terminal));
  const auto data = instance::data_of(args);
  // With the key at hand, whoever can read the rows can verify them: no token is asked.
  HF_TRY(const auto instance, key ? instance::Instance::open_to_read(data) : instance::Instance::open(data));
  if (!key) {
    HF_TRY(key, instance->log().verifier_key());
  }
  std::unique_ptr<cli::Progress> progress;
  const auto report = verify_ledger(instance->database(), *key, [&](std::uint64_t done, std::uint64_t total) {
    if (!progress) progress = std::make_unique<cli::Progress>(terminal, "entries", total);
    progress->at(done);
  });
  progress.reset();
  if (!report) return fail(report.error());
  const bool whole = report->findings.empty();
  if (args.flag("json")) {
    JsonArray findings;
    for (const auto& finding : report->findings)
      findings.push_back(JsonObject{{"where", finding.where}, {"what", finding.what}});
    terminal.out << to_pretty_text(JsonObject{{"whole", whole},
                                              {"key", key->to_text()},
                                              {"entries", report->entries},
                                              {"waiting", report->waiting},
                                              {"checkpoints", report->checkpoints},
                                              {"segments", report->segments},
                                              {"events", report->events},
                                              {"rows", report->rows},
                                              {"findings", std::move(findings)}})
                 << "\n";
  } else {
    for (const auto& finding : report->findings) terminal.out << harmless(finding.where + ": " + finding.what) << "\n";
    if (report->findings.size() >= kFindingsMax)
      terminal.out << "... and maybe more: only the first " << kFindingsMax << " are listed\n";
    terminal.out << fmt::format("{} entries ({} waiting), {} checkpoints, {} segments with {} events, {} rows\n{}\n",
                                report->entries, report->waiting, report->checkpoints, report->segments, report->events,
                                report->rows, whole ? "all is as it was written" : "NOT as it was written");
  }
  return whole ? cli::kOk : cli::kNo;
}

JsonObject verified_json(const VerifiedBundle& verified) {
  JsonObject json{{"verified", true},          {"key", verified.key.to_text()},
                  {"pinned", verified.pinned}, {"origin", verified.checkpoint.origin},
                  {"index", verified.index},   {"tree_size", verified.checkpoint.size},
                  {"entry", verified.entry}};
  if (verified.event)
    json["event"] = JsonObject{
        {"position", verified.event->position}, {"events", verified.event->events}, {"body", verified.event->event}};
  return json;
}

Result<cli::Exit> verify_file(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto pinned, pinned_key(args, terminal));
  HF_TRY(const auto text, read_text(args.positional(0), terminal));
  const auto verified = verify_bundle_text(text, pinned);
  const bool json = args.flag("json");
  if (!verified) {
    const auto& error = verified.error();
    if (json)
      terminal.out << to_pretty_text(JsonObject{{"verified", false}, {"code", error.code}, {"reason", error.message}})
                   << "\n";
    else terminal.out << harmless("NOT verified: " + error.message) << " [" << error.code << "]\n";
    return cli::kNo;
  }
  if (json) {
    terminal.out << to_pretty_text(verified_json(*verified)) << "\n";
    return cli::kOk;
  }
  terminal.out << harmless(fmt::format("verified: entry {} of {} in the log {}", verified->index,
                                       verified->checkpoint.size, verified->checkpoint.origin))
               << "\n";
  for (const auto* name : {"kind", "time", "actor", "role", "reason"})
    if (const auto value = text_of_member(verified->entry, name); !value.empty())
      terminal.out << harmless(fmt::format("{:<9} {}", name, value)) << "\n";
  terminal.out << harmless(fmt::format("{:<9} {}", "subjects", subjects_of(verified->entry))) << "\n";
  if (verified->event)
    terminal.out << harmless(fmt::format("{:<9} {} of {} in the entry's segment: {}", "event",
                                         verified->event->position, verified->event->events, verified->event->line))
                 << "\n";
  terminal.out << harmless(fmt::format("{:<9} {}", "key", verified->key.to_text())) << "\n";
  if (!verified->pinned)
    terminal.out << "the key is the bundle's own word: compare it with the one that the manufacturer publishes, or "
                    "give it with --key\n";
  return cli::kOk;
}

const cli::Option kKey{"key", "FILE|TEXT", "Verifier key to trust, NAME+ID+BASE64, or a file that holds it"};
const cli::Option kJson{"json", "", "Print JSON"};

const cli::Command kCommands[] = {
    {{"ledger prove",
      "Write the evidence bundle of an entry, which anyone can verify offline",
      "The bundle holds the entry, its Merkle path and the signed checkpoint. With --event it proves one device "
      "event:\n"
      "the event, its path to the root of its segment, and the entry that carries this root.",
      {{"ENTRY", "id of the entry, or index:N for its place in the log"}},
      {instance::kDataOption,
       {"event", "POSITION", "Prove this event of the entry's segment, counted from 0"},
       {"out", "FILE", "Write there (default: standard output)"}},
      {"holdfast ledger prove 1042 --out release.evidence.json", "holdfast ledger prove index:7 --event 311"}},
     prove},
    {{"ledger tail",
      "Show the newest entries of the evidence log",
      "Oldest of them first. With --follow, sequenced entries only, and each further one when it gets its index.\n"
      "--json prints a line an entry: {id, index, state, kind, recorded_at, body}.",
      {},
      {instance::kDataOption,
       {"subject", "SUBJECT", "Only entries that speak of this, such as product:px-100"},
       {"limit", "N", "How many (default 20)"},
       {"follow", "", "Go on as the log grows"},
       kJson},
      {"holdfast ledger tail --subject product:px-100", "holdfast ledger tail --follow --json"}},
     tail},
    {{"ledger verify",
      "Recompute the whole log and compare every proven row with it",
      "Entries, indexes, tree, checkpoints, segments and rows are recomputed from their bytes. Each place that is not "
      "as it\n"
      "was written is named. Exit code 1 if there is one. With --key no token is needed.",
      {},
      {instance::kDataOption, kKey, kJson},
      {"holdfast ledger verify", "holdfast ledger verify --key 'example.eu/holdfast+...' --json"}},
     verify_log},
    {{"verify",
      "Verify an evidence bundle offline",
      "Needs no installation, no database and no network. Exit code 1 and the reason if the bundle does not hold.\n"
      "Without --key the bundle's own key is used, and the answer says so.",
      {{"BUNDLE", "file made by 'holdfast ledger prove'; - is standard input"}},
      {kKey, kJson},
      {"holdfast verify release.evidence.json --key ledger.vkey"}},
     verify_file},
};

}  // namespace

std::span<const cli::Command> commands() { return kCommands; }

}  // namespace hf::ledger
