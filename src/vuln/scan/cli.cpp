#include "vuln/scan/cli.h"

#include <algorithm>
#include <array>
#include <istream>
#include <iterator>
#include <ostream>

#include "archive/reader.h"
#include "sbom/parse.h"
#include "vuln/scan/scan.h"

namespace hf::vuln {
namespace {

// Standard input, or a file, which may be compressed or an archive with one document in it.
Result<sbom::Text> read_sbom(std::string_view name, cli::Terminal& terminal, const sbom::Limits& limits) {
  if (name == "-") {
    std::string bytes;
    constexpr std::size_t kBlock = std::size_t(1) << 20;
    while (terminal.in && bytes.size() <= limits.bytes_max) {
      const auto had = bytes.size();
      bytes.resize(had + kBlock);
      terminal.in.read(bytes.data() + had, static_cast<std::streamsize>(kBlock));
      bytes.resize(had + static_cast<std::size_t>(terminal.in.gcount()));
    }
    return sbom::Text(std::move(bytes));
  }
  std::optional<sbom::Text> text;
  std::size_t documents = 0;
  archive::Limits archive_limits;
  archive_limits.entry_bytes_max = limits.bytes_max;
  HF_CHECK(archive::for_each_document(std::filesystem::path(name), archive_limits,
                                      [&](const archive::Document& document) -> Result<bool> {
                                        if (++documents == 1) text = sbom::Text::copy_of(bytes_of(document.bytes));
                                        return documents == 1;
                                      }));
  if (documents != 1)
    return fail(
        ErrorKind::invalid, "HF-VULN-0030",
        std::string(name) + (documents == 0 ? " holds no document" : " holds several documents: scan one of them"));
  return *std::move(text);
}

bool fails(const ScanFinding& finding, std::span<const std::string> gates) {
  return std::any_of(gates.begin(), gates.end(), [&](const std::string& gate) {
    return finding.state == State::affected && (gate == "affected" || (gate == "kev" && finding.kev));
  });
}

Result<cli::Exit> run_scan(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(auto database, AdvisoryDatabase::open(std::string(*args.option("db"))));
  const sbom::Limits limits;
  HF_TRY(const auto text, read_sbom(args.positional(0), terminal, limits));
  HF_TRY(const auto document, sbom::parse(text, limits));
  HF_TRY(const auto result, scan(document, database, {.all = args.flag("all")}));
  if (args.flag("json")) write_json(result, document, database.manifest(), terminal.out);
  else write_table(result, database.manifest(), terminal.out);
  for (const auto& refused : result.refused) terminal.err << "warning: identity not read: " << refused << "\n";
  const auto gates = args.all("fail-on");
  return std::any_of(result.findings.begin(), result.findings.end(),
                     [&](const ScanFinding& f) { return fails(f, gates); })
             ? cli::kNo
             : cli::kOk;
}

}  // namespace

std::span<const cli::Command> scan_commands() {
  static const std::array<cli::Command, 1> list{{
      {{.name = "scan",
        .summary = "Match an SBOM against an advisory database",
        .details =
            "Needs no server. Reads CycloneDX and SPDX as 'holdfast sbom parse' does, also compressed, and honours "
            "the\n"
            "assessments (VEX) and patch claims in the document. Each finding says which claim of the component met "
            "which\n"
            "range of which record. States: affected, not_affected, fixed, under_investigation, unknown. A component "
            "with\n"
            "nothing to look up is listed as unassessed. Findings do not fail the command unless --fail-on says so.",
        .positionals = {{.name = "SBOM", .help = "the document; - is standard input"}},
        .options = {{.name = "db",
                     .value = "DIR",
                     .help = "the database that 'holdfast vuln db build' made",
                     .required = true},
                    {.name = "json", .value = "", .help = "print {components, unassessed, findings}"},
                    {.name = "all", .value = "", .help = "also what is not affected because of its version"},
                    {.name = "fail-on",
                     .value = "WHAT",
                     .help = "exit with 1 when a component is affected, or affected and listed as exploited",
                     .repeatable = true,
                     .choices = {"affected", "kev"}}},
        .examples = {"holdfast scan image.spdx.json --db db", "holdfast scan bom.json --db db --json --fail-on kev"}},
       &run_scan},
  }};
  return list;
}

}  // namespace hf::vuln
