#include "trace/cli_rotation.h"

#include <ostream>

#include "instance/instance.h"
#include "keys/cli_rotation.h"
#include "trace/questions.h"

namespace hf::trace {
namespace {

void print_lines(cli::Terminal& terminal, std::string_view title, const Json& list,
                 std::initializer_list<std::string_view> columns) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : list.get_array()) {
    auto& row = rows.emplace_back();
    for (const auto column : columns) {
      const auto& value = item.at(column);
      row.push_back(value.is_string() ? std::string(value.get_string()) : to_text(value));
    }
  }
  if (!rows.empty())
    terminal.out << "\n" << title << "\n" << cli::table(std::vector<std::string>(columns.begin(), columns.end()), rows);
}

Result<cli::Exit> rotate(const cli::Args& args, cli::Terminal& terminal) {
  if (!args.flag("dry-run")) return keys::rotate_key(args, terminal);
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  HF_TRY(const auto result, instance->database().read([&](const db::Reader& reader) {
    return Questions(reader, {}).rotation(args.positional(0), instance->clock().now());
  }));
  if (args.flag("json")) {
    terminal.out << to_text(result) << "\n";
    return cli::kOk;
  }
  terminal.out << result.at("sentence").as_string() << "\n";
  print_lines(terminal, "Grants that end", result.at("grants"), {"digest", "requester", "used", "uses", "expires_at"});
  print_lines(terminal, "Requests that end", result.at("requests"), {"digest", "state", "requester", "expires_at"});
  for (bool first = true; const auto& build : result.at("builds").as_array())
    terminal.out << (std::exchange(first, false) ? "\nBuilds that the old version signed\n" : "") << build.as_string()
                 << "\n";
  print_lines(terminal, "Units that trust the old version alone", result.at("trust_only_old").at("by_market"),
              {"market", "devices"});
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> rotation_commands() {
  static const std::vector<cli::Command> table{
      {{"key rotate",
        "Make the next version of a key, or say what a rotation would end",
        "The pair is made on the token and its custody read back. It is pre-active: its public key can be published, "
        "and it signs\n"
        "nothing until the approvers of the key agree to 'holdfast key activate'. --dry-run makes nothing, and shows "
        "what will\n"
        "follow then: grants and requests that end, builds that the old version signed, units that trust it alone.",
        {{"NAME", "The key's name"}},
        {instance::kDataOption,
         {"algorithm", "NAME", "Of the new version (default: as the one that signs)"},
         {"dry-run", "", "Make nothing"},
         {"json", "", "With --dry-run: print JSON"}},
        {"holdfast key rotate px100-fw --dry-run", "holdfast key rotate px100-fw"}},
       rotate},
  };
  return table;
}

}  // namespace hf::trace
