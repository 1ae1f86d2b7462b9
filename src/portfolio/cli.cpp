#include "portfolio/cli.h"

#include <fstream>
#include <ostream>
#include <sstream>

#include "instance/instance.h"
#include "portfolio/feed_service.h"
#include "portfolio/sbom_service.h"
#include "vuln/feeds/sources.h"

namespace hf::portfolio {
namespace {

Result<Bytes> read_file(const std::string& name, std::uint64_t bytes_max) {
  std::ifstream file(name, std::ios::binary | std::ios::ate);
  if (!file) return fail(ErrorKind::not_found, "HF-CLI-0004", "cannot open " + name);
  const auto size = file.tellg();
  if (size < 0 || std::uint64_t(size) > bytes_max)
    return fail(ErrorKind::limit, "HF-SBOM-0001", name + " has more than " + std::to_string(bytes_max) + " bytes");
  Bytes bytes(std::size_t{std::uint64_t(size)});
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), size);
  if (!file) return fail(ErrorKind::unavailable, "HF-CLI-0004", "cannot read " + name);
  return bytes;
}

Result<cli::Exit> add_sbom(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto bytes, read_file(std::string(args.positional(1)), sbom::Limits{}.bytes_max));
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  HF_TRY(const auto receipt, receive_sbom(instance->database(), instance->blobs(), instance->clock(),
                                          instance::cli_actor(), args.positional(0), bytes));
  HF_CHECK(instance->log().advance());
  if (args.flag("json")) {
    terminal.out << to_text(JsonObject{{"build", receipt.build},
                                       {"sha256", receipt.sha256},
                                       {"format", receipt.format},
                                       {"spec_version", receipt.spec_version},
                                       {"components", receipt.components},
                                       {"unidentified", receipt.unidentified},
                                       {"new_components", receipt.new_coordinates},
                                       {"findings", receipt.findings},
                                       {"statements", receipt.statements},
                                       {"unchanged", receipt.unchanged},
                                       {"entry", receipt.entry}})
                 << "\n";
    return cli::kOk;
  }
  if (receipt.unchanged) {
    terminal.out << "the build has this SBOM already\n";
    return cli::kOk;
  }
  terminal.out << receipt.format << " " << receipt.spec_version << ": " << receipt.components << " components, "
               << receipt.unidentified << " of them with nothing to look up; " << receipt.new_coordinates
               << " not seen before, " << receipt.findings << " findings opened, " << receipt.statements
               << " statements of the document taken; entry " << receipt.entry << "\n";
  return cli::kOk;
}

Result<cli::Exit> import_feeds(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, instance::Instance::open(instance::data_of(args)));
  bool complete = true;
  for (const auto& source : args.positionals()) {
    FeedImporter importer(instance->database(), instance->clock(), instance::cli_actor(),
                          std::filesystem::path(source).filename().string());
    HF_TRY(const auto report, [&] {
      std::unique_ptr<cli::Progress> progress;
      return vuln::read_source(source, {}, importer.sink(), [&](std::uint64_t done, std::uint64_t total) {
        if (!progress) progress = std::make_unique<cli::Progress>(terminal, "importing " + source, total);
        progress->at(done);
      });
    }());
    HF_TRY(const auto counts, importer.finish());
    HF_CHECK(instance->log().advance());
    for (const auto& [document, code, message] : report.unreadable)
      terminal.err << document << ": " << message << " [" << code << "]\n";
    if (counts.empty())
      return fail(ErrorKind::invalid, "HF-PORTFOLIO-0002",
                  source + " holds no document of a feed: CVE JSON 5, NVD JSON 2.0, OSV, KEV or EPSS");
    if (args.flag("json")) {
      JsonObject feeds;
      for (const auto& [feed, count] : counts)
        feeds[feed] = JsonObject{{"records", count.records}, {"changed", count.changed}, {"version", count.version}};
      terminal.out << to_text(JsonObject{{"source", source},
                                         {"feeds", std::move(feeds)},
                                         {"findings_changed", importer.findings()},
                                         {"read", vuln::to_json(report)}})
                   << "\n";
    } else {
      for (const auto& [feed, count] : counts)
        terminal.out << feed << ": " << count.records << " records, " << count.changed << " new or changed, version "
                     << count.version << "\n";
      terminal.out << importer.findings() << " findings changed\n";
    }
    complete &= report.unreadable_count == 0;
  }
  return complete || !args.flag("strict") ? cli::kOk : cli::kInvalid;
}

const cli::Command kCommands[] = {
    {{"sbom add",
      "Give a build its SBOM",
      "The original bytes are kept for ever. A later SBOM of the same build replaces this one from then on; answers as "
      "of an\n"
      "earlier time still use it. A document that breaks its format's rules is refused with every finding: 'holdfast "
      "sbom validate'.",
      {{"BUILD", "Path of the build: px-100/firmware/1.2.3"},
       {"FILE", "CycloneDX JSON 1.2 to 1.6, SPDX JSON 2.2, 2.3 or 3.0.1"}},
      {instance::kDataOption, {"json", "", "Print JSON"}},
      {"holdfast sbom add px-100/firmware/1.2.3 image.spdx.json"}},
     add_sbom},
    {{"vuln import",
      "Take advisories, the KEV catalogue and EPSS scores",
      "A source is a file, a folder, a zip or a tar (gz, zst, xz) of CVE JSON 5, NVD JSON 2.0, OSV, KEV or EPSS "
      "documents, known\n"
      "by their content. Records that are stored already are left alone, so an interrupted import is simply run again.",
      {{"SOURCE", "File, folder or archive", true, true}},
      {instance::kDataOption,
       {"json", "", "Print JSON"},
       {"strict", "", "Exit code 3 if a document could not be read"}},
      {"holdfast vuln import cvelistV5.zip known_exploited_vulnerabilities.json"}},
     import_feeds},
};

}  // namespace

std::span<const cli::Command> commands() { return kCommands; }

}  // namespace hf::portfolio
