#include "catalog/cli.h"

#include <charconv>
#include <fstream>
#include <istream>
#include <ostream>
#include <string>

#include "catalog/service.h"
#include "instance/instance.h"

namespace hf::catalog {
namespace {

constexpr std::size_t kLineMax = 1U << 20;

Result<const Entity*> entity_named(std::string_view name) {
  if (const auto* entity = find_entity(name)) return entity;
  std::string known;
  for (const auto* entity : entities()) known += (known.empty() ? "" : ", ") + std::string(entity->spec().name);
  return fail(ErrorKind::invalid, "HF-CLI-0003", "there is no kind '" + std::string(name) + "'; kinds are " + known);
}

// "field=value" words as a JSON object; the entity's table says which values are numbers.
Result<JsonObject> record_of(const Entity& entity, std::span<const std::string> words) {
  JsonObject record;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos)
      return fail(ErrorKind::invalid, "HF-CLI-0003", "'" + word + "' is not FIELD=VALUE");
    const auto name = word.substr(0, equals), value = word.substr(equals + 1);
    bool integer = false;
    for (const auto& field : entity.spec().fields) integer |= field.name == name && field.type == FieldType::integer;
    std::int64_t number = 0;
    if (integer &&
        std::from_chars(value.data(), value.data() + value.size(), number).ptr == value.data() + value.size())
      record[name] = number;
    else record[name] = value;
  }
  return record;
}

Result<cli::Exit> create_one(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto* entity, entity_named(args.positional(0)));
  HF_TRY(const auto record, record_of(*entity, args.positionals().subspan(1)));
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(const auto path,
         ledger::write(instance->database(), instance->clock(), instance::cli_actor(),
                       [&](ledger::Transaction& transaction) { return create(transaction, *entity, record); }));
  HF_CHECK(instance->log().advance());
  terminal.out << path << "\n";
  return cli::kOk;
}

Result<cli::Exit> apply(const cli::Args& args, cli::Terminal& terminal) {
  const std::string name(args.positional(0));
  std::ifstream file;
  if (name != "-") {
    file.open(name, std::ios::binary);
    if (!file) return fail(ErrorKind::not_found, "HF-CLI-0004", "cannot open " + name);
  }
  auto& in = name == "-" ? terminal.in : file;
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  std::uint64_t made = 0, there = 0;
  const bool dry = args.flag("dry-run");
  // One transaction: a catalogue file is applied whole or not at all.
  const auto job = [&](ledger::Transaction& transaction) -> Result<void> {
    std::string line;
    for (std::uint64_t number = 1; std::getline(in, line); ++number) {
      const auto at = [&](Error error) {
        error.message = "line " + std::to_string(number) + ": " + error.message;
        return fail(std::move(error));
      };
      if (line.size() > kLineMax) return at({ErrorKind::limit, "HF-CATALOG-0001", "the line is longer than 1 MiB", {}});
      if (trim(line).empty()) continue;
      auto json = parse_json(line);
      if (!json) return at(json.error());
      auto* object = json->if_object();
      // Not "kind": modules and releases have a field of that name.
      const auto* record_kind = object ? object->if_contains("record") : nullptr;
      if (!record_kind || !record_kind->is_string())
        return at({ErrorKind::invalid,
                   "HF-CATALOG-0001",
                   "expected an object with \"record\": \"product\" (or another kind) and its fields",
                   {}});
      const auto entity = entity_named(record_kind->get_string());
      if (!entity) return at(entity.error());
      object->erase("record");
      auto path = create(transaction, **entity, *object);
      if (path) ++made;
      else if (path.error().code == "HF-CATALOG-0003") ++there;
      else return at(path.error());
    }
    if (made == 0) return fail(ErrorKind::conflict, "HF-CATALOG-NONE", "");
    if (dry) return fail(ErrorKind::conflict, "HF-CATALOG-DRY", "");
    return {};
  };
  const auto done = ledger::write(instance->database(), instance->clock(), instance::cli_actor(), job);
  if (!done && done.error().code != "HF-CATALOG-NONE" && done.error().code != "HF-CATALOG-DRY")
    return fail(done.error());
  HF_CHECK(instance->log().advance());
  terminal.out << (dry ? "would create " : "created ") << made << ", already there " << there << "\n";
  return cli::kOk;
}

Result<cli::Exit> show_one(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto* entity, entity_named(args.positional(0)));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  HF_TRY(const auto record, instance->database().read(
                                [&](const db::Reader& reader) { return show(reader, *entity, args.positional(1)); }));
  if (args.flag("json")) {
    terminal.out << to_text(record) << "\n";
    return cli::kOk;
  }
  for (const auto& [name, value] : record)
    terminal.out << name << ": " << (value.is_string() ? std::string(value.get_string()) : to_text(value)) << "\n";
  return cli::kOk;
}

Result<cli::Exit> list_all(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto* entity, entity_named(args.positional(0)));
  HF_TRY(const auto limit, args.integer("limit", 1000, 1, 100'000));
  HF_TRY(const auto instance, instance::Instance::open_to_read(instance::data_of(args)));
  const Page page{std::string(args.option("after").value_or("")), limit};
  HF_TRY(const auto records, instance->database().read([&](const db::Reader& reader) {
    return list(reader, *entity, args.option("parent").value_or(""), page);
  }));
  if (args.flag("json")) {
    for (const auto& record : records) terminal.out << to_text(record) << "\n";
    return cli::kOk;
  }
  std::vector<std::string> header{"path"};
  for (const auto& field : entity->spec().fields)
    if (field.name != entity->spec().parent && field.name != entity->spec().key) header.emplace_back(field.name);
  std::vector<std::vector<std::string>> rows;
  for (const auto& record : records) {
    auto& row = rows.emplace_back();
    for (const auto& name : header) {
      const auto* value = record.if_contains(name);
      row.push_back(!value || value->is_null() ? std::string()
                    : value->is_string()       ? std::string(value->get_string())
                                               : to_text(*value));
    }
  }
  terminal.out << (rows.empty() ? "there is none yet; 'holdfast catalog create' makes one\n"
                                : cli::table(header, rows));
  return cli::kOk;
}

const cli::Positional kKind{"KIND", "manufacturer, product, module, hardware_revision, build, release or batch"};

const cli::Command kCommands[] = {
    {{"catalog create",
      "Create a record of the catalogue from FIELD=VALUE words",
      "Fields and their rules are those of the REST API; a wrong one is named with what is expected.\n"
      "Records with lists (artifacts, builds of a release, placements) come by 'catalog apply'.",
      {kKind, {"FIELD=VALUE", "The record's fields", true, true}},
      {instance::kDataOption},
      {"holdfast catalog create product manufacturer=acme code=px-100 name='Gateway PX-100' product_class=default"}},
     create_one},
    {{"catalog apply",
      "Create many records from a file, one JSON object a line",
      "Each line is a record with \"record\": KIND, such as {\"record\":\"product\",\"code\":\"px-100\",...}. Records "
      "that are there\n"
      "already are left alone, so the file can be applied again. All of it happens, or nothing does.",
      {{"FILE", "NDJSON file, or - for standard input"}},
      {instance::kDataOption, {"dry-run", "", "Check everything, change nothing"}},
      {"holdfast catalog apply catalogue.ndjson --dry-run"}},
     apply},
    {{"catalog show",
      "Show one record with its lists and the entry that proves it",
      "",
      {kKind, {"PATH", "Its path, such as px-100/firmware/1.2.3"}},
      {instance::kDataOption, {"json", "", "Print JSON"}},
      {"holdfast catalog show build px-100/firmware/1.2.3"}},
     show_one},
    {{"catalog list",
      "List records of a kind by path",
      "",
      {kKind},
      {instance::kDataOption,
       {"parent", "PATH", "Only those below this record"},
       {"after", "PATH", "Go on after this path"},
       {"limit", "N", "At most so many (default 1000)"},
       {"json", "", "Print one JSON object a line"}},
      {"holdfast catalog list batch --parent px-100"}},
     list_all},
};

}  // namespace

std::span<const cli::Command> commands() { return kCommands; }

}  // namespace hf::catalog
