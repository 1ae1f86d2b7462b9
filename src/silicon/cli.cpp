#include "silicon/cli.h"

#include <ostream>

#include "base/text.h"
#include "silicon/catalogue.h"

namespace hf::silicon {
namespace {

constexpr cli::Option kJson{"json", "", "Print JSON"};

std::string slots_of(const RootKeys& keys) { return keys.slots ? std::to_string(*keys.slots) : "unknown"; }
std::string revocable_of(const RootKeys& keys) { return !keys.revocable ? "unknown" : *keys.revocable ? "yes" : "no"; }

JsonObject json_of(const Platform& platform) {
  const auto& keys = platform.root_keys;
  JsonArray sources, algorithms;
  for (const auto& source : keys.sources)
    sources.push_back(JsonObject{{"id", source.id}, {"reference", source.reference}, {"version", source.version}});
  for (const auto& name : platform.algorithms) algorithms.emplace_back(name);
  return {{"id", platform.id},
          {"vendor", platform.vendor},
          {"family", platform.family},
          {"root_keys", JsonObject{{"level", keys.level},
                                   {"slots", keys.slots ? Json(*keys.slots) : Json("unknown")},
                                   {"revocable", keys.revocable ? Json(*keys.revocable) : Json("unknown")},
                                   {"detail", keys.detail},
                                   {"confidence", keys.confidence},
                                   {"sources", std::move(sources)}}},
          {"algorithms", platform.algorithms_known ? Json(std::move(algorithms)) : Json("unknown")},
          {"catalogue", catalogue().generated()}};
}

Result<cli::Exit> list(const cli::Args& args, cli::Terminal& terminal) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& platform : catalogue().platforms()) {
    if (args.flag("json")) terminal.out << to_text(json_of(platform)) << "\n";
    rows.push_back({platform.id, platform.vendor, platform.family, slots_of(platform.root_keys),
                    revocable_of(platform.root_keys)});
  }
  if (!args.flag("json"))
    terminal.out << cli::table(std::vector<std::string>{"platform", "vendor", "family", "root_key_slots", "revocable"},
                               rows);
  return cli::kOk;
}

Result<cli::Exit> show(const cli::Args& args, cli::Terminal& terminal) {
  const auto* platform = catalogue().find(args.positional(0));
  if (!platform)
    return fail(
        ErrorKind::not_found, "HF-SILICON-0002",
        "the catalogue has no platform '" + std::string(args.positional(0)) + "'; 'holdfast silicon list' names them");
  if (args.flag("json")) {
    auto json = json_of(*platform);
    json["platform"] = platform->whole;
    terminal.out << to_text(json) << "\n";
    return cli::kOk;
  }
  const auto& keys = platform->root_keys;
  terminal.out << platform->id << ": " << platform->vendor << " " << platform->family << ", " << platform->kind << ", "
               << platform->architecture << "\nparts       ";
  for (const auto& part : platform->parts) terminal.out << " " << part;
  terminal.out << "\nroot keys    " << keys.level << "\nslots        " << slots_of(keys) << "\nrevocable    "
               << revocable_of(keys) << "\nalgorithms  ";
  if (!platform->algorithms_known) terminal.out << " unknown";
  for (const auto& name : platform->algorithms) terminal.out << " " << name;
  terminal.out << "\n";
  if (!keys.detail.empty()) terminal.out << "because      " << keys.detail << "\n";
  if (!keys.confidence.empty()) terminal.out << "confidence   " << catalogue().confidence(keys.confidence) << "\n";
  for (const auto& source : keys.sources)
    terminal.out << "source       " << source.reference << " " << source.version << "\n";
  terminal.out << "catalogue    " << catalogue().generated() << "\n";
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> commands() {
  static const std::vector<cli::Command> table{
      {{"silicon list",
        "List the silicon platforms of the catalogue, with the root keys that each holds",
        "Unknown means that nobody has shown it, and not that there is none.",
        {},
        {{"json", "", "Print one JSON object a line"}},
        {"holdfast silicon list"}},
       list},
      {{"silicon show",
        "Show a platform: root keys, whether they can be revoked, and where that is from",
        "With --json all that the catalogue has of it.",
        {{"PLATFORM", "Such as espressif-esp32-c3"}},
        {kJson},
        {"holdfast silicon show espressif-esp32-c3"}},
       show},
  };
  return table;
}

}  // namespace hf::silicon
