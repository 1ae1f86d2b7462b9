#include "vuln/db_dir/cli.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>
#include <ostream>

#include "vuln/db_dir/build.h"

namespace hf::vuln {
namespace {

std::string kinds_of(const SourceReport& report) {
  std::string text;
  for (std::size_t i = 0; i < report.by_kind.size(); ++i)
    if (report.by_kind[i] != 0)
      text +=
          fmt::format("{}{} {}", text.empty() ? "" : ", ", report.by_kind[i], name_of(static_cast<DocumentKind>(i)));
  return text;
}

void write_manifest(const Manifest& manifest, std::ostream& out) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& source : manifest.sources)
    rows.push_back({feed_version_of(source), kinds_of(source), std::to_string(source.advisories),
                    std::to_string(source.unreadable_count), source.sha256.substr(0, 16)});
  constexpr std::array<std::string_view, 5> kHeader{"source", "documents", "records", "unreadable", "sha256"};
  out << cli::table(std::vector<std::string>(kHeader.begin(), kHeader.end()), rows);
  out << fmt::format("{} advisories under {} keys; {} withdrawn, {} not analysed by NVD. Built {}, format {}.\n",
                     manifest.advisories, manifest.keys, manifest.withdrawn, manifest.unanalyzed,
                     format_rfc3339(manifest.built), manifest.format);
}

// Unreadable documents are named where a person sees them, and not one by one when there are many.
void warn(const Manifest& manifest, std::ostream& err) {
  constexpr std::size_t kNamedMax = 20;
  for (const auto& source : manifest.sources) {
    for (std::size_t i = 0; i < source.unreadable.size() && i < kNamedMax; ++i)
      err << fmt::format("warning: {}: {}: {} [{}]\n", source.name, source.unreadable[i].document,
                         source.unreadable[i].message, source.unreadable[i].code);
    if (source.unreadable_count > kNamedMax)
      err << fmt::format("warning: {}: {} more documents are unreadable: 'holdfast vuln db show --json' names them\n",
                         source.name, source.unreadable_count - kNamedMax);
  }
}

Result<cli::Exit> run_build(const cli::Args& args, cli::Terminal& terminal) {
  const std::filesystem::path directory(*args.option("out"));
  std::vector<std::filesystem::path> sources(args.positionals().begin(), args.positionals().end());
  std::unique_ptr<cli::Progress> bar;
  std::string shown;
  const auto progress = [&](std::string_view work, const std::filesystem::path& source, std::uint64_t done,
                            std::uint64_t total) {
    auto what = fmt::format("{} {}", work, source.filename().string());
    if (what != shown) {
      bar.reset();
      bar = std::make_unique<cli::Progress>(terminal, what, total);
      shown = std::move(what);
    }
    bar->at(done);
  };
  const BuildOptions options{.strict = args.flag("strict"), .fresh = args.flag("fresh")};
  const SystemClock clock;
  auto built = build_database(sources, directory, options, clock, progress);
  bar.reset();
  HF_TRY(const auto report, std::move(built));
  warn(report.manifest, terminal.err);
  if (args.flag("json")) terminal.out << to_pretty_text(to_json(report.manifest)) << "\n";
  else write_manifest(report.manifest, terminal.out);
  return cli::kOk;
}

Result<cli::Exit> run_show(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto database, AdvisoryDatabase::open(std::string(args.positional(0))));
  if (args.flag("json")) terminal.out << to_pretty_text(to_json(database.manifest())) << "\n";
  else write_manifest(database.manifest(), terminal.out);
  return cli::kOk;
}

}  // namespace

std::span<const cli::Command> database_commands() {
  constexpr cli::Option kJson{.name = "json", .value = "", .help = "print the manifest as JSON"};
  static const std::array<cli::Command, 2> list{{
      {{.name = "vuln db build",
        .summary = "Make the advisory database for offline scans",
        .details = "A source is a file, a folder, a zip or a tar (plain, gzip or zstd) of CVE JSON 5, NVD JSON 2.0, "
                   "OSV, KEV or EPSS\n"
                   "documents; each document is recognised by its content. The old database is replaced when the new "
                   "one is whole.\n"
                   "Sources that did not change are copied from the old one, and an interrupted build goes on with the "
                   "source at\n"
                   "which it stopped. Documents that cannot be read are named and counted.",
        .positionals = {{.name = "SOURCE", .help = "where feed documents are", .repeatable = true}},
        .options = {{.name = "out", .value = "DIR", .help = "the database's folder", .required = true},
                    {.name = "strict", .value = "", .help = "fail when a document cannot be read"},
                    {.name = "fresh", .value = "", .help = "read every source again"},
                    kJson},
        .examples = {"holdfast vuln db build cvelistV5.zip nvd/ all.zip known_exploited_vulnerabilities.json "
                     "epss_scores.csv.gz --out db"}},
       &run_build},
      {{.name = "vuln db show",
        .summary = "Show what an advisory database holds",
        .details = "Sources with their dates, counts and digests.",
        .positionals = {{.name = "DIR", .help = "the database's folder"}},
        .options = {kJson},
        .examples = {"holdfast vuln db show db"}},
       &run_show},
  }};
  return list;
}

}  // namespace hf::vuln
