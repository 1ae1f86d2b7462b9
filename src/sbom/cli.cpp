#include "sbom/cli.h"

#include <fstream>
#include <istream>
#include <ostream>
#include <vector>

#include "base/json.h"
#include "sbom/parse.h"
#include "sbom/render.h"

namespace hf::sbom {
namespace {

// One byte over the limit is read, so that the parser says so; no file can fill the memory.
Result<Text> read_all(std::istream& in, std::size_t size_hint, const Limits& limits) {
  constexpr std::size_t kStep = std::size_t{1} << 20, kSpare = 256;  // spare: the JSON reader's padding, without a move
  std::string bytes;
  bytes.reserve(std::min(size_hint, limits.bytes_max) + kSpare);
  while (bytes.size() <= limits.bytes_max) {
    const auto had = bytes.size();
    const auto room = bytes.capacity() - had > kSpare ? bytes.capacity() - had - kSpare : kStep;
    bytes.resize(had + std::min(room, limits.bytes_max + 1 - had));
    in.read(bytes.data() + had, static_cast<std::streamsize>(bytes.size() - had));
    bytes.resize(had + static_cast<std::size_t>(in.gcount()));
    if (in.bad()) return fail(ErrorKind::unavailable, "HF-SBOM-0008", "reading the document failed");
    if (!in) break;
  }
  return Text(std::move(bytes));
}

Result<Text> read_document(std::string_view name, cli::Terminal& terminal, const Limits& limits) {
  if (name == "-") return read_all(terminal.in, 0, limits);
  std::ifstream file{std::string(name), std::ios::binary | std::ios::ate};
  if (!file) return fail(ErrorKind::not_found, "HF-SBOM-0007", "there is no readable file '" + std::string(name) + "'");
  const auto size = static_cast<std::streamoff>(file.tellg());
  file.clear();
  file.seekg(0);
  return read_all(file, size > 0 ? static_cast<std::size_t>(size) : 0, limits);
}

std::string line_of(const Finding& finding) {
  return (finding.pointer.empty() ? "(document)" : finding.pointer) + ": " + finding.message + " [" +
         std::string(finding.code) + "]\n";
}

void write_list(std::string_view name, const std::vector<Finding>& findings, std::ostream& out) {
  out << '"' << name << "\":[";
  for (const auto& finding : findings)
    out << (&finding == &findings.front() ? "\n" : ",\n")
        << to_text(JsonObject{{"pointer", finding.pointer}, {"code", finding.code}, {"message", finding.message}});
  out << ']';
}

void write_checked(const Checked& checked, std::ostream& out) {
  out << '{';
  write_list("findings", checked.findings, out);
  out << ",\n";
  write_list("warnings", checked.warnings, out);
  out << "}\n";
}

Result<cli::Exit> run_parse(const cli::Args& args, cli::Terminal& terminal) {
  const Limits limits;
  HF_TRY(const auto text, read_document(args.positional(0), terminal, limits));
  const auto document = parse(text, limits);
  if (!document) {
    const auto checked = check(text, limits);
    if (args.flag("json")) write_checked(checked, terminal.out);
    else
      for (const auto& finding : checked.findings) terminal.err << line_of(finding);
    return fail(document.error());
  }
  if (args.flag("json")) write_json(*document, terminal.out);
  else write_table(*document, terminal.out);
  for (const auto& warning : document->warnings) terminal.err << "warning: " << line_of(warning);
  return cli::kOk;
}

Result<cli::Exit> run_validate(const cli::Args& args, cli::Terminal& terminal) {
  const Limits limits;
  HF_TRY(const auto text, read_document(args.positional(0), terminal, limits));
  const auto checked = check(text, limits);
  if (args.flag("json")) {
    write_checked(checked, terminal.out);
  } else {
    for (const auto& finding : checked.findings) terminal.out << line_of(finding);
    for (const auto& warning : checked.warnings) terminal.out << "warning: " << line_of(warning);
    if (checked.findings.empty()) terminal.out << "valid\n";
  }
  return checked.findings.empty() ? cli::kOk : cli::kNo;
}

}  // namespace

std::span<const cli::Command> commands() {
  static const std::vector<cli::Command> list{
      {{.name = "sbom parse",
        .summary = "Read an SBOM and show its components",
        .details =
            "Reads CycloneDX JSON 1.2 to 1.6, SPDX 2.2 and 2.3 JSON, and SPDX 3.0.1 JSON-LD; the format is detected.\n"
            "--json prints {format, spec_version, components, dependencies, vex, unidentified}.\n"
            "A component is unidentified when it has no purl, CPE, commit, vendor part number, content identifier\n"
            "or hash: it has a name, but nothing that can be looked up.\n"
            "An invalid document gives every finding with its JSON pointer and nothing else, and exit code 3.",
        .positionals = {{.name = "FILE", .help = "the document; - is standard input"}},
        .options = {{.name = "json", .value = {}, .help = "print JSON"}},
        .examples = {"holdfast sbom parse image.spdx.json", "holdfast sbom parse - --json < bom.json"}},
       &run_parse},
      {{.name = "sbom validate",
        .summary = "Check an SBOM against its format's rules",
        .details = "Prints every finding with its JSON pointer (RFC 6901). Exit code 1 when there is one. Warnings, "
                   "such as a\n"
                   "reference to nothing, leave the document readable.",
        .positionals = {{.name = "FILE", .help = "the document; - is standard input"}},
        .options = {{.name = "json", .value = {}, .help = "print {findings: [{pointer, code, message}], warnings}"}},
        .examples = {"holdfast sbom validate bom.json"}},
       &run_validate},
  };
  return list;
}

}  // namespace hf::sbom
