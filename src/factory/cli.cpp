// The manufacturer's commands. Stations: cli_station.cpp.
#include "factory/cli.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <ostream>

#include "factory/import.h"
#include "factory/service.h"
#include "factory/view.h"
#include "instance/instance.h"

namespace hf::factory {
namespace {

constexpr cli::Option kJson{"json", "", "Print JSON"};

std::vector<std::string> all_of(const cli::Args& args, std::string_view name) {
  const auto all = args.all(name);
  return {all.begin(), all.end()};
}
std::optional<std::string> text_of_option(const cli::Args& args, std::string_view name) {
  const auto text = args.option(name);
  return text ? std::optional(std::string(*text)) : std::nullopt;
}
auto wrong_words(std::string what) { return fail(ErrorKind::invalid, "HF-CLI-0003", std::move(what)); }

// "FINGERPRINT=COUNT" or "FINGERPRINT=COUNT@EPOCH".
Result<std::pair<FactoryAuthorisation::Station, bool>> station_of(std::string_view word) {
  const auto number = [](std::string_view digits, std::int64_t& out) {
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    return wrong == std::errc() && end == digits.data() + digits.size() && !digits.empty();
  };
  const auto equals = word.find('=');
  const auto at = word.find('@');
  FactoryAuthorisation::Station station{to_lower(word.substr(0, equals))};
  if (equals == std::string_view::npos || (at != std::string_view::npos && at < equals) ||
      !number(word.substr(equals + 1, at == std::string_view::npos ? at : at - equals - 1), station.count) ||
      (at != std::string_view::npos && !number(word.substr(at + 1), station.epoch)))
    return wrong_words("'" + std::string(word) + "' is not STATION=COUNT or STATION=COUNT@EPOCH");
  return std::pair(std::move(station), at != std::string_view::npos);
}

Result<keys::Serials> serials_of(const cli::Args& args) {
  constexpr std::int64_t kMax = std::int64_t{1} << 53;
  keys::Serials serials{.prefix = std::string(args.option("serial-prefix").value_or(""))};
  if (const auto characters = args.option("serial-characters")) {
    HF_TRY(const auto length, args.integer("serial-length", 0, 1, 64));
    serials.pattern = keys::Serials::Pattern{std::string(*characters), length};
    return serials;
  }
  if (!args.option("serial-first") || !args.option("serial-last"))
    return wrong_words("say --serial-first and --serial-last, or --serial-characters and --serial-length");
  keys::Serials::Range range;
  HF_TRY(range.first, args.integer("serial-first", 0, 0, kMax));
  HF_TRY(range.last, args.integer("serial-last", 0, 0, kMax));
  HF_TRY(range.digits, args.integer("serial-digits", 6, 1, 15));
  serials.range = range;
  return serials;
}

Result<cli::Exit> authorise(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  Wish wish{.batch = std::string(*args.option("batch")),
            .release = text_of_option(args, "release"),
            .profile = std::string(args.option("profile").value_or("idevid")),
            .crls = all_of(args, "crl-uri"),
            .ocsp = all_of(args, "ocsp-uri"),
            .flash = !args.flag("no-flash")};
  for (const auto& word : args.all("station")) {
    HF_TRY(auto station, station_of(word));
    wish.stations.push_back(std::move(station.first));
    wish.epoch_given.push_back(station.second);
  }
  HF_TRY(wish.ca, der_of_file(*args.option("ca"), "CERTIFICATE"));
  HF_TRY(wish.serials, serials_of(args));
  if (const auto from = args.option("from")) {
    HF_TRY(wish.from, parse_rfc3339(*from));
  }
  if (const auto until = args.option("until")) {
    HF_TRY(wish.until, parse_rfc3339(*until));
  }
  HF_TRY(wish.policy, args.integer("policy", 1, 0, 1'000'000'000));
  wish.activation = {all_of(args, "flash-sha256"), all_of(args, "fuse"), args.flag("attested")};
  HF_TRY(const auto made, Service(instance->database(), instance->clock()).propose(wish));
  HF_CHECK(write_file(*args.option("out"), bytes_of(keys::canonical(FactoryOrder(made)))));
  terminal.out << made.id << "\n";
  terminal.err << "not signed yet: holdfast sign request --format factory-authorisation --product " << made.product
               << " has it approved; then 'holdfast factory register'\n";
  return cli::kOk;
}

Result<cli::Exit> register_order(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto file, read_file(args.positional(0), std::size_t{1} << 20));
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(const auto name, Service(instance->database(), instance->clock()).register_order(file, instance::cli_actor()));
  HF_CHECK(instance->log().advance());
  terminal.out << name << "\n";
  return cli::kOk;
}

Scope scope_of_options(const cli::Args& args) {
  return {std::string(*args.option("product")), text_of_option(args, "batch"), text_of_option(args, "release"),
          text_of_option(args, "factory")};
}

Result<cli::Exit> tell_hold(const cli::Args& args, cli::Terminal& terminal, instance::Instance& instance,
                            const StoredHold& made) {
  HF_CHECK(instance.log().advance());
  HF_CHECK(write_file(*args.option("out"), bytes_of(keys::canonical(FactoryOrder(made.hold)))));
  HF_TRY(const auto touched,
         instance.database().read([&](const db::Reader& reader) { return Store(reader).held_by(made.row); }));
  if (args.flag("json")) {
    terminal.out << to_text(JsonObject{{"sequence", made.hold.sequence},
                                       {"ends", made.hold.ends ? Json(*made.hold.ends) : Json(nullptr)},
                                       {"authorisations", keys::list_of(touched)},
                                       {"entry", made.entry}})
                 << "\n";
  } else {
    terminal.out << (made.hold.ends ? "resumed, order " : "hold ") << made.hold.sequence << ": " << touched.size()
                 << " live authorisations\n";
    for (const auto& id : touched) terminal.out << "  " << id << "\n";
  }
  terminal.err << "in force here; have " << *args.option("out")
               << " signed (holdfast sign request --format factory-authorisation) and taken to the stations\n";
  return cli::kOk;
}

Result<cli::Exit> hold(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(const auto made, Service(instance->database(), instance->clock())
                              .hold(scope_of_options(args), *args.option("reason"), instance::cli_actor()));
  return tell_hold(args, terminal, *instance, made);
}

Result<cli::Exit> resume(const cli::Args& args, cli::Terminal& terminal) {
  std::int64_t sequence = 0;
  const auto word = args.positional(0);
  const auto [end, wrong] = std::from_chars(word.data(), word.data() + word.size(), sequence);
  if (wrong != std::errc() || end != word.data() + word.size()) return wrong_words("a hold is named by its number");
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(
      const auto made,
      Service(instance->database(), instance->clock()).resume(sequence, *args.option("reason"), instance::cli_actor()));
  return tell_hold(args, terminal, *instance, made);
}

std::vector<FactoryHold> living(const std::vector<StoredHold>& holds) {
  std::vector<FactoryHold> list;
  for (const auto& one : holds)
    if (one.lives) list.push_back(one.hold);
  return list;
}

Result<cli::Exit> list(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  HF_TRY(const auto limit, args.integer("limit", 50, 1, 10'000));
  const std::string product(args.option("product").value_or(""));
  const auto now = instance->clock().now();
  std::vector<std::vector<std::string>> rows, held;
  JsonArray authorisations, holds_json;
  HF_CHECK(instance->database().read([&](const db::Reader& reader) -> Result<void> {
    const Store store(reader);
    HF_TRY(const auto holds, store.holds(product));
    HF_TRY(const auto stored, store.authorisations(product, std::numeric_limits<std::int64_t>::max(), limit));
    for (const auto& one : stored) {
      const auto& order = one.authorisation;
      std::int64_t used = 0;
      HF_TRY(const auto counts, store.counts(order.id));
      for (const auto& count : counts)
        if (count.state != "voided") used += count.identities;
      const auto standing = standing_of(order, living(holds), now);
      rows.push_back({order.id.substr(0, 12), order.batch, order.factory, std::to_string(order.sequence),
                      std::to_string(order.count), std::to_string(used), standing});
      auto json = keys::to_json(order);
      json["issued"] = used;
      json["standing"] = standing;
      authorisations.push_back(std::move(json));
    }
    for (const auto& one : holds) {
      if (!one.lives) continue;
      held.push_back({std::to_string(one.hold.sequence), one.hold.product, one.hold.batch.value_or("all"),
                      one.hold.release.value_or("all"), one.hold.factory.value_or("all"), one.hold.reason});
      holds_json.push_back(keys::to_json(one.hold));
    }
    return {};
  }));
  if (args.flag("json")) {
    terminal.out << to_text(JsonObject{{"authorisations", authorisations}, {"holds", holds_json}}) << "\n";
    return cli::kOk;
  }
  terminal.out << (rows.empty() ? "nothing is authorised yet; 'holdfast factory authorise' writes an authorisation\n"
                                : cli::table(std::vector<std::string>{"authorisation", "batch", "factory", "sequence",
                                                                      "units", "issued", "now"},
                                             rows));
  if (!held.empty())
    terminal.out << "\nOn hold\n"
                 << cli::table(std::vector<std::string>{"hold", "product", "batch", "release", "factory", "reason"},
                               held);
  return cli::kOk;
}

JsonObject json_of(const Alarm& alarm) {
  return {{"kind", alarm.kind},     {"station", alarm.station}, {"authorisation", alarm.authorisation},
          {"serial", alarm.serial}, {"line", alarm.line},       {"detail", alarm.detail}};
}
std::vector<std::string> row_of(const Alarm& alarm) {
  return {alarm.kind, alarm.serial, alarm.line > 0 ? std::to_string(alarm.line) : std::string(), alarm.detail};
}
const std::vector<std::string> kAlarmHeader{"alarm", "serial", "line", "what"};

Result<cli::Exit> show(const cli::Args& args, cli::Terminal& terminal) {
  constexpr std::int64_t kAlarmsShown = 1000;
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  HF_TRY(const auto stored, Service(instance->database(), instance->clock()).authorisation(args.positional(0)));
  const auto& order = stored.authorisation;
  std::vector<StateCount> counts;
  std::vector<StoredClosing> closings;
  std::vector<StoredAlarm> alarms;
  std::string standing;
  HF_CHECK(instance->database().read([&](const db::Reader& reader) -> Result<void> {
    const Store store(reader);
    HF_TRY(counts, store.counts(order.id));
    HF_TRY(closings, store.closings(order.id));
    HF_TRY(alarms, store.alarms(order.id, kAlarmsShown));
    HF_TRY(const auto holds, store.holds(order.product));
    standing = standing_of(order, living(holds), instance->clock().now());
    return {};
  }));
  std::vector<std::vector<std::string>> rows, alarm_rows;
  auto json = keys::to_json(order);
  JsonArray stations, alarms_json, closed;
  for (const auto& one : counts) {
    rows.push_back({one.station.substr(0, 12), one.state, std::to_string(one.identities)});
    stations.push_back(JsonObject{{"station", one.station}, {"state", one.state}, {"identities", one.identities}});
  }
  for (const auto& one : alarms) {
    alarm_rows.push_back(row_of(one.alarm));
    alarms_json.push_back(json_of(one.alarm));
  }
  for (const auto& one : closings)
    closed.push_back(JsonObject{{"station", one.station}, {"used", one.used}, {"returned", one.returned}});
  if (args.flag("json")) {
    json["standing"] = standing, json["key"] = stored.key, json["entry"] = stored.entry;
    json["identities"] = std::move(stations), json["closings"] = std::move(closed);
    json["alarms"] = std::move(alarms_json);
    terminal.out << to_text(json) << "\n";
    return cli::kOk;
  }
  terminal.out << to_pretty_text(keys::facts_of(FactoryOrder(order))) << "\nsigned by " << stored.key << ", now "
               << standing << "\n";
  if (!rows.empty())
    terminal.out << "\n" << cli::table(std::vector<std::string>{"station", "state", "identities"}, rows);
  for (const auto& one : closings)
    terminal.out << "closed at station " << one.station.substr(0, 12) << ": " << one.used << " used, " << one.returned
                 << " returned\n";
  if (!alarm_rows.empty()) terminal.out << "\nAlarms\n" << cli::table(kAlarmHeader, alarm_rows);
  return cli::kOk;
}

Result<cli::Exit> import(const cli::Args& args, cli::Terminal& terminal) {
  const std::string name(args.positional(0));
  std::ifstream file(name, std::ios::binary);
  if (!file) return fail(ErrorKind::not_found, "HF-CLI-0004", "cannot open " + name);
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(const auto done, import_bundle(instance->database(), instance->clock(), instance::cli_actor(), file));
  HF_CHECK(instance->log().advance());
  JsonArray alarms;
  std::vector<std::vector<std::string>> rows;
  for (const auto& alarm : done.alarms) {
    alarms.push_back(json_of(alarm));
    rows.push_back(row_of(alarm));
  }
  if (args.flag("json"))
    terminal.out << to_text(JsonObject{{"station", done.header.station_name()},
                                       {"epoch", done.header.epoch},
                                       {"lines", done.lines},
                                       {"reserved", done.reserved},
                                       {"issued", done.issued},
                                       {"activated", done.activated},
                                       {"voided", done.voided},
                                       {"closed", done.closed},
                                       {"known", done.known},
                                       {"alarms", std::move(alarms)}})
                 << "\n";
  else if (done.known)
    terminal.out << "imported before: nothing of station " << done.header.station_name().substr(0, 12) << " is new\n";
  else
    terminal.out << done.lines << " new lines of station " << done.header.station_name().substr(0, 12) << ": "
                 << done.reserved << " reserved, " << done.issued << " issued, " << done.activated << " activated, "
                 << done.voided << " void\n";
  if (!args.flag("json") && !rows.empty())
    terminal.out << "\n" << rows.size() << " alarms\n" << cli::table(kAlarmHeader, rows);
  return done.alarms.empty() ? cli::kOk : cli::kNo;
}

Result<cli::Exit> run_reconcile(const cli::Args& args, cli::Terminal& terminal) {
  const std::string name(*args.option("report"));
  std::ifstream file(name, std::ios::binary);
  if (!file) return fail(ErrorKind::not_found, "HF-CLI-0004", "cannot open " + name);
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(const auto stored, Service(instance->database(), instance->clock()).authorisation(args.positional(0)));
  HF_TRY(const auto made,
         reconcile(instance->database(), instance->clock(), instance::cli_actor(), stored.authorisation, file));
  HF_CHECK(instance->log().advance());
  const auto& totals = made.totals;
  if (args.flag("json")) {
    JsonArray differences;
    for (const auto& one : made.differences)
      differences.push_back(JsonObject{{"serial", one.serial}, {"what", one.what}});
    terminal.out << to_text(JsonObject{{"authorisation", totals.authorisation},
                                       {"authorised", stored.authorisation.count},
                                       {"issued", totals.issued},
                                       {"shipped", totals.shipped},
                                       {"not_shipped", totals.not_shipped},
                                       {"not_issued", totals.not_issued},
                                       {"differences", std::move(differences)}})
                 << "\n";
  } else if (args.flag("csv")) {
    terminal.out << "serial,what\n";
    for (const auto& one : made.differences)
      terminal.out << cli::csv_row(std::vector<std::string>{one.serial, one.what});
  } else {
    terminal.out << stored.authorisation.count << " authorised, " << totals.issued << " issued, " << totals.shipped
                 << " shipped: " << totals.not_shipped << " issued and not shipped, " << totals.not_issued
                 << " shipped and never issued\n";
    std::vector<std::vector<std::string>> rows;
    for (const auto& one : made.differences) rows.push_back({one.serial, one.what});
    if (!rows.empty()) terminal.out << "\n" << cli::table(std::vector<std::string>{"serial", "what"}, rows);
  }
  return made.differences.empty() ? cli::kOk : cli::kNo;
}

}  // namespace

std::span<const cli::Command> factory_commands() {
  static const cli::Option kBatch{"batch", "PATH", "Only this batch"};
  static const cli::Option kRelease{"release", "PATH", "Only this release"};
  static const cli::Option kFactory{"factory", "NAME", "Only this factory"};
  static const cli::Option kReason{"reason", "TEXT", "Why", true};
  static const cli::Option kOut{"out", "FILE", "The order, to be signed and taken to the stations", true};
  static const std::vector<cli::Command> table{
      {{"factory authorise",
        "Write an authorisation of so many identities of a batch, to be approved and signed",
        "Product, factory and release are the batch's, the digests to be flashed those of the release's artifacts, the "
        "sequence the\nnext of the factory. Prints the authorisation's id. A station is named by the fingerprint that "
        "'holdfast station init' printed;\nits share is counted there and nowhere else.",
        {},
        {instance::kDataOption,
         {"batch", "PATH", "Of the catalogue", true},
         {"station", "STATION=COUNT", "How many a station may issue; @EPOCH of its journal, else its newest", true,
          true},
         {"ca", "FILE", "The issuing CA's certificate, PEM or DER", true},
         {"profile", "PROFILE", "Of the certificates (default: idevid)"},
         {"serial-prefix", "TEXT", "How serials begin"},
         {"serial-first", "N", "The first number"},
         {"serial-last", "N", "The last number"},
         {"serial-digits", "N", "Digits of the number (default: 6)"},
         {"serial-characters", "SET", "Instead of numbers: 0-9A-F"},
         {"serial-length", "N", "And so many of them"},
         {"release", "PATH", "To be flashed, else the batch's"},
         {"flash-sha256", "HEX", "What may be in flash, else the release's artifacts", false, true},
         {"no-flash", "", "Demand no proof of flash"},
         {"fuse", "NAME=VALUE", "What a unit's fuses must say", false, true},
         {"attested", "", "By the unit's own key"},
         {"from", "INSTANT", "RFC 3339, else now"},
         {"until", "INSTANT", "Else 30 days later"},
         {"crl-uri", "URI", "For the certificates", false, true},
         {"ocsp-uri", "URI", "For the certificates", false, true},
         {"policy", "N", "Version of the production policy (default: 1)"},
         {"out", "FILE", "The document", true}},
        {"holdfast factory authorise --batch px-100/b1 --station 5f0c...=5000 --ca ca.pem --serial-prefix GW200- "
         "--serial-first 1 --serial-last 5000 --fuse SECURE_BOOT=1 --out authorisation.json"}},
       authorise},
      {{"factory register",
        "Take a signed order into the register",
        "An authorisation is used from then on; of a hold it is checked that the register says the same.",
        {{"FILE", "The envelope that 'holdfast sign run' wrote"}},
        {instance::kDataOption},
        {"holdfast factory register authorisation.dsse.json"}},
       register_order},
      {{"factory list",
        "List authorisations, newest first, and holds that live",
        "",
        {},
        {instance::kDataOption,
         {"product", "PATH", "Only of this product"},
         {"limit", "N", "At most so many (default 50)"},
         kJson},
        {"holdfast factory list"}},
       list},
      {{"factory show",
        "Show an authorisation, what was issued under it, and what does not reconcile",
        "",
        {{"AUTHORISATION", "Its id, or the first 8 digits or more"}},
        {instance::kDataOption, kJson},
        {"holdfast factory show 0123456789ab"}},
       show},
      {{"factory import",
        "Import the bundle of a station and reconcile it to the unit",
        "Signature, chain, counts, gaps, duplicates, window and rollback are checked; what does not fit is an alarm, "
        "which stays, and\nthe exit code is 1. Imported again it changes nothing.",
        {{"BUNDLE", "As 'holdfast station export' wrote it"}},
        {instance::kDataOption, kJson},
        {"holdfast factory import sz-1.bundle"}},
       import},
      {{"factory reconcile",
        "Hold a production report against what was issued: over-build in both directions, to the unit",
        "The report is CSV with a column 'serial', a line a unit that was shipped. The exit code is 1 if anything "
        "differs.",
        {{"AUTHORISATION", "Its id, or the first 8 digits or more"}},
        {instance::kDataOption,
         {"report", "CSV", "Of the contract manufacturer", true},
         {"csv", "", "Print CSV"},
         kJson},
        {"holdfast factory reconcile 0123456789ab --report shipped.csv"}},
       run_reconcile},
      {{"factory hold",
        "Stop authorisations and issuance of a product, a batch or a release, at once",
        "In force in the register with this command; the order that it writes stops the stations when it is signed and "
        "imported there.",
        {},
        {instance::kDataOption,
         {"product", "PATH", "The product", true},
         kBatch,
         kRelease,
         kFactory,
         kReason,
         kOut,
         kJson},
        {"holdfast factory hold --product px-100 --release px-100/1.2.3 --reason CVE-2026-0001 --out hold.json"}},
       hold},
      {{"factory resume",
        "End a hold",
        "",
        {{"HOLD", "Its number"}},
        {instance::kDataOption, kReason, kOut, kJson},
        {"holdfast factory resume 3 --reason 'release 1.2.4 replaces it' --out resume.json"}},
       resume},
  };
  return table;
}

}  // namespace hf::factory
