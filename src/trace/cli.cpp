#include "trace/cli.h"

#include <chrono>
#include <ostream>
#include <utility>

#include "instance/instance.h"
#include "keys/register_json.h"
#include "ledger/transaction.h"
#include "trace/questions.h"

namespace hf::trace {
namespace {

constexpr cli::Option kAt{"at", "INSTANT", "As it was known at that time, RFC 3339: 2026-11-21T08:10:00Z"};
constexpr cli::Option kJson{"json", "", "Print JSON"};

Result<AsOf> as_of(const cli::Args& args) {
  const auto text = args.option("at");
  if (!text) return AsOf{};
  HF_TRY(const auto at, parse_rfc3339(*text));
  return AsOf{at};
}

std::string text_of(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? std::string(value.get_string()) : to_text(value);
}

// Some columns of an array of objects, for people.
void print_table(cli::Terminal& terminal, std::string_view title, const Json& list,
                 std::initializer_list<std::string_view> columns, std::size_t limit = 20) {
  const auto& items = list.get_array();
  if (items.empty()) return;
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : items) {
    if (rows.size() == limit) break;
    auto& row = rows.emplace_back();
    for (const auto column : columns) {
      const auto* value = item.get_object().if_contains(column);
      row.push_back(value ? text_of(*value) : std::string());
    }
  }
  terminal.out << "\n" << title << "\n" << cli::table(std::vector<std::string>(columns.begin(), columns.end()), rows);
  if (items.size() > limit) terminal.out << "and " << items.size() - limit << " more; --json has them all\n";
}

// Runs one question and prints its answer, with the time that it took: the answer is the promise.
template <class Ask, class Print>
Result<cli::Exit> answer(const cli::Args& args, cli::Terminal& terminal, Ask ask, Print print) {
  HF_TRY(const auto when, as_of(args));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  HF_TRY(const auto result,
         instance->database().read([&](const db::Reader& reader) { return ask(Questions(reader, when)); }));
  if (args.flag("json")) terminal.out << to_text(result) << "\n";
  else print(result);
  return cli::kOk;
}

Result<cli::Exit> vulnerability(const cli::Args& args, cli::Terminal& terminal) {
  return answer(
      args, terminal, [&](const Questions& questions) { return questions.vulnerability(args.positional(0)); },
      [&](const JsonObject& result) {
        terminal.out << text_of(result.at("vulnerability")) << "  " << text_of(result.at("severity")) << "  "
                     << text_of(result.at("summary")) << "\n"
                     << text_of(result.at("sentence")) << "\n";
        if (const auto* kev = result.at("kev").if_object())
          terminal.out << "Known to be exploited since " << text_of(kev->at("date_added")) << " ("
                       << text_of(kev->at("name")) << ").\n";
        print_table(terminal, "By market", result.at("by_market"),
                    {"market", "exposed", "unknown", "under_investigation", "fixed", "not_affected"}, 40);
        print_table(terminal, "By build", result.at("by_build"), {"build", "state", "devices"});
        if (result.at("findings").get_array().empty()) return;
        terminal.out << "\nWhy\n";
        std::size_t shown = 0;
        for (const auto& finding : result.at("findings").get_array()) {
          if (++shown > 20) break;
          const auto& reasons = finding.at("reasons").get_array();
          terminal.out << text_of(finding.at("component")) << " " << text_of(finding.at("version")) << ": "
                       << text_of(finding.at("state"));
          if (!reasons.empty()) terminal.out << ", " << text_of(reasons.front().at("text"));
          terminal.out << "\n";
        }
        print_table(terminal, "Said by the builds themselves", result.at("statements"), {"build", "state", "basis"});
      });
}

Result<cli::Exit> product(const cli::Args& args, cli::Terminal& terminal) {
  return answer(
      args, terminal, [&](const Questions& questions) { return questions.product(args.positional(0)); },
      [&](const JsonObject& result) {
        terminal.out << text_of(result.at("path")) << "\n" << text_of(result.at("sentence")) << "\n";
        print_table(terminal, "Modules", result.at("modules"), {"path", "kind", "builds"});
        print_table(terminal, "Builds", result.at("builds"), {"path", "devices"});
        print_table(terminal, "Releases", result.at("releases"), {"path", "kind", "security_version"});
        print_table(terminal, "Batches", result.at("batches"),
                    {"path", "factory", "authorised_quantity", "devices", "support_end"}, 40);
        print_table(terminal, "Units by market", result.at("devices").at("by_market"), {"market", "devices"}, 40);
        print_table(terminal, "Open vulnerabilities", result.at("exposure"),
                    {"vulnerability", "state", "kev", "components"});
      });
}

Result<cli::Exit> device(const cli::Args& args, cli::Terminal& terminal) {
  return answer(
      args, terminal,
      [&](const Questions& questions) { return questions.device(args.positional(0), args.positional(1)); },
      [&](const JsonObject& result) {
        terminal.out << text_of(result.at("product")) << " " << text_of(result.at("serial")) << "\n"
                     << text_of(result.at("sentence")) << "\n\n";
        for (const auto name :
             {"batch", "hardware_revision", "market", "state", "since", "certificate_sha256", "key_sha256"})
          terminal.out << name << ": " << text_of(result.at(name)) << "\n";
        print_table(terminal, "Runs", result.at("builds"), {"module", "version", "sbom"});
        print_table(terminal, "Open vulnerabilities", result.at("exposure"),
                    {"vulnerability", "state", "kev", "components"});
        print_table(terminal, "History", result.at("history"), {"since", "until", "builds", "market", "state"});
        print_table(terminal, "Evidence", result.at("evidence"), {"entry", "segment", "position"});
      });
}

// A name of the register, or the fingerprint of what units hold.
Result<cli::Exit> key(const cli::Args& args, cli::Terminal& terminal) {
  const auto asked = args.positional(0);
  const bool fingerprint = asked.size() == 64 && from_hex(asked);
  const SystemClock clock;
  return answer(
      args, terminal,
      [&](const Questions& questions) {
        return fingerprint ? questions.key(asked) : questions.signing_key(asked, clock.now());
      },
      [&](const JsonObject& result) {
        terminal.out << text_of(result.at("sentence")) << "\n";
        if (fingerprint) {
          print_table(terminal, "Units", result.at("devices").at("sample"), {"product", "serial", "market", "batch"});
          return;
        }
        terminal.out << text_of(result.at("class")) << ", " << text_of(result.at("environment")) << "; owner "
                     << text_of(result.at("owner")) << ", deputy " << text_of(result.at("deputy")) << "\n";
        print_table(terminal, "Versions", result.at("versions"), {"version", "algorithm", "signatures", "fingerprint"});
        for (bool first = true; const auto& build : result.at("builds").get_array())
          terminal.out << (std::exchange(first, false) ? "\nBuilds that it signed\n" : "") << text_of(build) << "\n";
        print_table(terminal, "Units that run one of them", result.at("devices").at("by_market"),
                    {"market", "devices"});
        terminal.out << "\nIf it leaked: " << text_of(result.at("leak").at("sentence")) << "\n";
        print_table(
            terminal, "What verifies with it", result.at("anchors"),
            {"hardware_revision", "version", "fused", "platform", "slots", "slots_left", "rekeying", "devices"});
        for (const auto& anchor : result.at("anchors").get_array())
          if (anchor.at("fused") == true)
            terminal.out << "Slots of " << text_of(anchor.at("hardware_revision")) << ": "
                         << text_of(anchor.at("slots_from")) << "\n";
        print_table(terminal, "Units that trust it", result.at("leak").at("by_market"),
                    {"market", "rekeyable", "stuck", "unknown"});
        print_table(terminal, "Certificates of its CAs that end within twelve months", result.at("certificates"),
                    {"ca", "certificates", "first"});
        print_table(terminal, "Newest signatures", result.at("newest_signatures"),
                    {"signed_at", "product", "format", "artifact", "requester", "entry"});
      });
}

// The question that a leak asks, timed and written down: that it can be answered is what a drill shows.
Result<cli::Exit> drill(const cli::Args& args, cli::Terminal& terminal) {
  const auto asked = args.positional(0);
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  const auto began = std::chrono::steady_clock::now();
  HF_TRY(auto result, instance->database().read([&](const db::Reader& reader) {
    return Questions(reader, {}).signing_key(asked, instance->clock().now());
  }));
  const std::int64_t took =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began).count();
  HF_TRY(const auto open, instance->database().read([&](const db::Reader& reader) {
    using keys::RequestState;
    return keys::judged_requests(reader, {{RequestState::waiting, RequestState::approved}, std::string(asked)}, {}, 100,
                                 instance->clock().now());
  }));
  JsonArray voided;
  for (const auto& item : open.items) voided.push_back(keys::line_of(item));
  const auto& leak = result.at("leak");
  HF_CHECK(ledger::write(instance->database(), instance->clock(), instance::cli_actor(),
                         [&](ledger::Transaction& transaction) -> Result<void> {
                           HF_TRY(const auto entry, transaction.append("key.drilled", {"key:" + std::string(asked)},
                                                                       {{"took_us", took},
                                                                        {"running", result.at("devices").at("total")},
                                                                        {"rekeyable", leak.at("rekeyable")},
                                                                        {"stuck", leak.at("stuck")},
                                                                        {"unknown", leak.at("unknown")}}));
                           static_cast<void>(entry);
                           return {};
                         }));
  HF_CHECK(instance->log().advance());
  result["would_be_void"] = voided;
  result["took_us"] = took;
  if (args.flag("json")) {
    terminal.out << to_text(result) << "\n";
    return cli::kOk;
  }
  terminal.out << "Drill: nothing was stopped. 'holdfast key freeze " << asked << "' would stop it now.\n\n"
               << text_of(result.at("sentence")) << "\n"
               << text_of(leak.at("sentence")) << "\n";
  print_table(terminal, "Units that run what it signed", result.at("devices").at("by_market"), {"market", "devices"},
              40);
  print_table(terminal, "Units that trust it", leak.at("by_market"), {"market", "rekeyable", "stuck", "unknown"}, 40);
  print_table(terminal, "Requests and grants that would be void", voided,
              {"digest", "kind", "requester", "expires_at"});
  terminal.out << "\nAnswered in " << took / 1000 << " ms; the drill is on the ledger.\n";
  return cli::kOk;
}

Result<cli::Exit> today(const cli::Args& args, cli::Terminal& terminal) {
  const SystemClock clock;
  return answer(
      args, terminal, [&](const Questions& questions) { return questions.today(clock.now()); },
      [&](const JsonObject& result) {
        terminal.out << text_of(result.at("sentence")) << "\n";
        print_table(terminal, "Exploited, and in our builds", result.at("exploited"),
                    {"vulnerability", "exposed_devices", "unknown_devices", "markets", "since_build", "summary"});
        print_table(terminal, "Clocks", result.at("clocks"), {"about", "name", "ends_at", "overdue"});
        print_table(terminal, "Signing requests that wait for decisions", result.at("signing").at("waiting"),
                    {"digest", "key", "reason", "requester", "expires_at"});
        print_table(terminal, "Standing grants that live", result.at("signing").at("grants"),
                    {"digest", "key", "used", "uses", "expires_at"});
        JsonArray broken;
        for (const auto& item : result.at("signing").at("unratified").get_array()) {
          auto line = item.get_object();
          line["due_at"] = item.at("ratification").at("due_at");
          line["state"] = item.at("ratification").at("state");
          broken.push_back(std::move(line));
        }
        print_table(terminal, "Signed by breaking glass, to be ratified", broken,
                    {"digest", "key", "reason", "requester", "state", "due_at"});
        print_table(terminal, "Feeds", result.at("feeds"), {"feed", "version", "records", "last_import", "stale"});
      });
}

Result<cli::Exit> vulnerabilities(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto limit, args.integer("limit", 50, 1, 1000));
  return answer(
      args, terminal,
      [&](const Questions& questions) {
        return questions.vulnerabilities(args.option("state").value_or("affected"), args.option("after").value_or(""),
                                         limit);
      },
      [&](const JsonObject& result) {
        if (result.at("items").get_array().empty()) terminal.out << "There is none.\n";
        print_table(terminal, "Vulnerabilities", result.at("items"),
                    {"vulnerability", "score", "exposed_devices", "unknown_devices", "builds", "summary"}, 1000);
        if (!result.at("next").is_null()) terminal.out << "more: --after " << text_of(result.at("next")) << "\n";
      });
}

Result<cli::Exit> search(const cli::Args& args, cli::Terminal& terminal) {
  return answer(
      args, terminal, [&](const Questions& questions) { return questions.search(args.positional(0), 50); },
      [&](const JsonObject& result) {
        if (result.at("items").get_array().empty()) terminal.out << "Nothing begins with that.\n";
        print_table(terminal, "Found", result.at("items"), {"kind", "id", "subtitle"}, 50);
      });
}

constexpr std::int64_t kPage = 1000;

Result<cli::Exit> exposed(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto when, as_of(args));
  HF_TRY(const auto limit, args.integer("limit", 0, 1, std::numeric_limits<std::int64_t>::max()));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const std::string number(args.positional(0));
  const UnitQuery query{.market = std::string(args.option("market").value_or("")),
                        .build = std::string(args.option("build").value_or("")),
                        .batch = std::string(args.option("batch").value_or("")),
                        .standing = standing_of(args.option("state").value_or("affected"))};
  const bool serials = args.flag("serials") || args.option("market") || limit > 0 || args.flag("csv");
  if (!serials) {
    const auto start = std::chrono::steady_clock::now();
    HF_TRY(const auto result, instance->database().read(
                                  [&](const db::Reader& reader) { return Questions(reader, when).exposed(number); }));
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
    if (args.flag("json")) {
      terminal.out << to_text(JsonObject{{"vulnerability", result.at("vulnerability")},
                                         {"sentence", result.at("sentence")},
                                         {"totals", result.at("totals")},
                                         {"by_market", result.at("by_market")},
                                         {"took_us", took.count()}})
                   << "\n";
    } else {
      terminal.out << text_of(result.at("sentence")) << "\n";
      print_table(terminal, "By market", result.at("by_market"),
                  {"market", "exposed", "unknown", "under_investigation", "fixed", "not_affected"}, 60);
      terminal.out << "\nanswered in " << double(took.count()) / 1000 << " ms; --market CC lists the serials\n";
    }
    return result.at("totals").at("exposed").get_int64() > 0 && args.flag("fail") ? cli::kNo : cli::kOk;
  }
  // One snapshot for the whole list, page by page, so that it is one state of the fleet and bounded in memory.
  std::int64_t left = limit > 0 ? limit : std::numeric_limits<std::int64_t>::max(), shown = 0;
  const bool csv = args.flag("csv"), json = args.flag("json");
  const std::vector<std::string> header{"product", "serial", "market", "batch", "builds", "since"};
  if (csv) terminal.out << cli::csv_row(header);
  HF_CHECK(instance->database().read([&](const db::Reader& reader) -> Result<void> {
    HF_TRY(auto list, UnitList::of(reader, when, number, query));
    for (std::string after; left > 0;) {
      HF_TRY(const auto page, list.page(reader, after, std::min(left, kPage)));
      std::vector<std::vector<std::string>> rows;
      for (const auto& item : page.at("items").get_array()) {
        if (json) {
          terminal.out << to_text(item) << "\n";
          continue;
        }
        auto& row = rows.emplace_back();
        for (const auto& name : header) {
          if (name != "builds") {
            row.push_back(text_of(item.at(name)));
            continue;
          }
          std::string builds;
          for (const auto& build : item.at("builds").get_array())
            builds += (builds.empty() ? "" : ";") + text_of(build);
          row.push_back(std::move(builds));
        }
      }
      if (csv)
        for (const auto& row : rows) terminal.out << cli::csv_row(row);
      else if (!json && !rows.empty()) terminal.out << cli::table(header, rows);
      const auto count = std::int64_t(page.at("items").get_array().size());
      left -= count, shown += count;
      if (page.at("next").is_null()) return {};
      after = text_of(page.at("next"));
    }
    return {};
  }));
  if (shown == 0 && !csv && !json) terminal.out << "No unit.\n";
  return shown > 0 && args.flag("fail") ? cli::kNo : cli::kOk;
}

const cli::Command kCommands[] = {
    {{"trace product",
      "From a product: what stands behind it, where it is, what affects it",
      "",
      {{"PRODUCT", "Its code"}},
      {instance::kDataOption, kAt, kJson},
      {"holdfast trace product px-100"}},
     product},
    {{"trace vulnerability",
      "From a vulnerability: builds, units and Member States exposed, and why",
      "",
      {{"ID", "CVE number, GHSA or another alias"}},
      {instance::kDataOption, kAt, kJson},
      {"holdfast trace vulnerability CVE-2024-6387 --at 2026-11-21T08:00:00Z"}},
     vulnerability},
    {{"trace device",
      "From a unit: its whole record",
      "",
      {{"PRODUCT", "The product's code"}, {"SERIAL", "The unit's serial"}},
      {instance::kDataOption, kAt, kJson},
      {"holdfast trace device px-100 PX1-0000042"}},
     device},
    {{"trace key",
      "From a key: what it signed and what depends on it, or every unit that holds it",
      "The name of a signing key shows its uses, the builds whose artifacts it signed, and the units that run them: "
      "what would\n"
      "have to be re-keyed if it leaked. The fingerprint of a certificate or key shows the units that hold it.",
      {{"KEY", "Name of a signing key, or SHA-256 fingerprint of a unit's certificate or public key, hex"}},
      {instance::kDataOption, kAt, kJson},
      {"holdfast trace key px100-fw"}},
     key},
    {{"trace search",
      "Find a product, build, batch, component, vulnerability or serial by its beginning",
      "",
      {{"TEXT", "How it begins"}},
      {instance::kDataOption, kAt, kJson},
      {}},
     search},
    {{"exposed",
      "Which units are exposed to a vulnerability, by Member State or serial by serial",
      "Without --market, --serials or --csv: the counts by Member State. With them: the units, streamed from one state "
      "of the fleet.",
      {{"ID", "CVE number, GHSA or another alias"}},
      {instance::kDataOption,
       kAt,
       {"market", "CC", "Only this Member State, ISO 3166-1 alpha-2"},
       {"build", "PATH", "Only units that run this build"},
       {"batch", "PATH", "Only units of this batch"},
       {"state",
        "STATE",
        "Standing of the unit (default affected)",
        false,
        false,
        {"affected", "unknown", "under_investigation", "fixed", "not_affected"}},
       {"serials", "", "List the units"},
       {"limit", "N", "At most so many units"},
       {"csv", "", "The units as CSV"},
       {"fail", "", "Exit code 1 if any unit is exposed"},
       kJson},
      {"holdfast exposed CVE-2024-6387", "holdfast exposed CVE-2024-6387 --market DE --csv > de.csv"}},
     exposed},
    {{"key drill",
      "Rehearse the compromise of a key: what would stop, which units are reached, and which can be re-keyed",
      "Stops nothing. What was found and how long it took is written to the ledger, as evidence of the drill.",
      {{"NAME", "A signing key"}},
      {instance::kDataOption, kJson},
      {"holdfast key drill px100-fw"}},
     drill},
    {{"today", "What must be done now, and by when", "", {}, {instance::kDataOption, kAt, kJson}, {}}, today},
    {{"vulnerabilities",
      "Vulnerabilities found in our builds, by number",
      "",
      {},
      {instance::kDataOption,
       kAt,
       {"state",
        "STATE",
        "Default affected",
        false,
        false,
        {"affected", "unknown", "under_investigation", "fixed", "not_affected", "exploited"}},
       {"after", "ID", "Go on after this number"},
       {"limit", "N", "At most so many (default 50)"},
       kJson},
      {}},
     vulnerabilities},
};

}  // namespace

std::span<const cli::Command> commands() { return kCommands; }

}  // namespace hf::trace
