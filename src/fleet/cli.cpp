#include "fleet/cli.h"

#include <filesystem>
#include <fstream>
#include <istream>
#include <ostream>

#include "fleet/report_reader.h"
#include "fleet/service.h"
#include "instance/instance.h"

namespace hf::fleet {
namespace {

// A file or standard input, with its size where it has one.
struct Input {
  std::ifstream file;
  std::istream* in = nullptr;
  std::uint64_t size = 0;

  static Result<std::unique_ptr<Input>> open(std::string_view name, cli::Terminal& terminal) {
    auto input = std::make_unique<Input>();
    input->in = &terminal.in;
    if (name == "-") return input;
    input->file.open(std::string(name), std::ios::binary);
    if (!input->file) return fail(ErrorKind::not_found, "HF-CLI-0004", "cannot open " + std::string(name));
    std::error_code ignored;
    input->size = std::filesystem::file_size(std::string(name), ignored);
    input->in = &input->file;
    return input;
  }
};

JsonObject json_of(const ImportSummary& summary) {
  JsonArray errors;
  for (const auto& [line, error] : summary.errors)
    errors.push_back(JsonObject{{"line", line}, {"code", error.code}, {"message", error.message}});
  return {{"lines", summary.lines},
          {"imported", summary.imported},
          {"unchanged", summary.unchanged},
          {"refused", summary.refused},
          {"errors", std::move(errors)}};
}

Result<cli::Exit> import(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto input, Input::open(args.positional(0), terminal));
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  Importer importer(instance->database(), instance->clock(), instance::cli_actor());
  ImportReader reader(*input->in);
  {
    cli::Progress progress(terminal, "importing units", input->size);
    while (auto record = reader.next()) {
      HF_CHECK(importer.add(*std::move(record)));
      if (importer.so_far().lines % 1000 == 0) progress.at(reader.bytes());
    }
    progress.at(reader.bytes());
  }
  HF_TRY(const auto summary, importer.finish());
  HF_CHECK(instance->log().advance());
  if (args.flag("json")) terminal.out << to_text(json_of(summary)) << "\n";
  else
    terminal.out << summary.lines << " lines: " << summary.imported << " imported, " << summary.unchanged
                 << " there already, " << summary.refused << " refused\n";
  for (const auto& [line, error] : summary.errors)
    if (!args.flag("json")) terminal.err << "line " << line << ": " << error.message << " [" << error.code << "]\n";
  if (!args.flag("json") && summary.refused > summary.errors.size())
    terminal.err << "and " << summary.refused - summary.errors.size() << " more\n";
  return summary.refused > 0 ? cli::kInvalid : cli::kOk;
}

Result<cli::Exit> report(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto input, Input::open(args.positional(0), terminal));
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(const auto summary, [&] {
    cli::Progress progress(terminal, "reading reports", input->size);
    return take_reports(instance->database(), instance->clock(), instance::cli_actor(), *input->in,
                        [&](std::uint64_t bytes) { progress.at(bytes); });
  }());
  HF_CHECK(instance->log().advance());
  for (const auto& [line, error] : summary.errors)
    terminal.err << "line " << line << ": " << error.message << " [" << error.code << "]\n";
  if (args.flag("json"))
    terminal.out << to_text(JsonObject{{"lines", summary.lines},
                                       {"moved", summary.moved},
                                       {"unchanged", summary.unchanged},
                                       {"refused", summary.refused}})
                 << "\n";
  else
    terminal.out << summary.lines << " reports: " << summary.moved << " moved, " << summary.unchanged << " unchanged, "
                 << summary.refused << " refused\n";
  return summary.refused > 0 ? cli::kInvalid : cli::kOk;
}

const cli::Command kCommands[] = {
    {{"fleet import",
      "Import units as the factory made them, from NDJSON or CSV",
      "A line is one unit: batch, serial, hardware_revision, builds, market, certificate_sha256, key_sha256. Without "
      "builds it\n"
      "has those of the release that its batch flashes. CSV has a header line; builds are separated by ';'.\n"
      "Lines that are wrong are named with the reason, and the others are imported. Running it again imports what is "
      "missing:\n"
      "an interrupted import goes on where it was. A batch never gets more units than it is authorised for.",
      {{"FILE", "NDJSON or CSV file, or - for standard input"}},
      {instance::kDataOption, {"json", "", "Print the summary as JSON"}},
      {"holdfast fleet import units.csv", "zstdcat units.ndjson.zst | holdfast fleet import -"}},
     import},
    {{"fleet report",
      "Take what devices say they run, from NDJSON",
      "A line is {\"product\": PATH, \"serial\": TEXT, \"builds\": [PATH, ...]}, one build a module. Only what a "
      "device runs after\n"
      "boot counts as running.",
      {{"FILE", "NDJSON file, or - for standard input"}},
      {instance::kDataOption, {"json", "", "Print the summary as JSON"}},
      {"holdfast fleet report running.ndjson"}},
     report},
};

}  // namespace

std::span<const cli::Command> commands() { return kCommands; }

}  // namespace hf::fleet
