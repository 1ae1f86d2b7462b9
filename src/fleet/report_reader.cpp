#include "fleet/report_reader.h"

#include <algorithm>
#include <string>

namespace hf::fleet {
namespace {

constexpr std::size_t kReportsAtOnce = 1000;  // bounds memory and the time the writer is held
constexpr std::size_t kLineMax = 64U << 10;

Result<RunningReport> report_of(const std::string& line) {
  if (line.size() > kLineMax) return fail(ErrorKind::limit, "HF-FLEET-0001", "the line is longer than 64 KiB");
  HF_TRY(const auto json, parse_json(line));
  const auto* object = json.if_object();
  const auto text = [&](std::string_view name) -> std::string {
    const auto* value = object ? object->if_contains(name) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  RunningReport report{text("product"), text("serial"), {}};
  const auto* builds = object ? object->if_contains("builds") : nullptr;
  if (builds && builds->is_array())
    for (const auto& build : builds->get_array())
      if (build.is_string()) report.builds.emplace_back(build.get_string());
  if (report.product.empty() || report.serial.empty() || report.builds.empty())
    return fail(ErrorKind::invalid, "HF-FLEET-0001",
                "expected {\"product\": PATH, \"serial\": TEXT, \"builds\": [PATH, ...]}");
  if (!is_path(report.product) || !std::all_of(report.builds.begin(), report.builds.end(), &is_path))
    return fail(ErrorKind::invalid, "HF-FLEET-0001",
                "product and each of builds takes a path: at most 256 bytes of UTF-8 without control characters");
  return report;
}

}  // namespace

Result<ReportSummary> take_reports(db::Database& database, const Clock& clock, const ledger::Actor& actor,
                                   std::istream& in, const std::function<void(std::uint64_t)>& progress) {
  ReportSummary summary;
  std::uint64_t bytes = 0;
  std::vector<RunningReport> reports;
  std::vector<std::uint64_t> lines;
  const auto refuse = [&](std::uint64_t line, Error error) {
    ++summary.refused;
    if (summary.errors.size() < kLineErrorsMax) summary.errors.push_back({line, std::move(error)});
  };
  const auto flush = [&]() -> Result<void> {
    if (reports.empty()) return {};
    HF_TRY(auto outcomes, report_running(database, clock, actor, reports));
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      if (outcomes[i].what == ReportOutcome::moved) ++summary.moved;
      else if (outcomes[i].what == ReportOutcome::unchanged) ++summary.unchanged;
      else refuse(lines[i], *std::move(outcomes[i].error));
    }
    reports.clear();
    lines.clear();
    if (progress) progress(bytes);
    return {};
  };
  for (std::string line; std::getline(in, line);) {
    ++summary.lines;
    bytes += line.size() + 1;
    if (trim(line).empty()) continue;
    auto report = report_of(line);
    if (!report) {
      refuse(summary.lines, std::move(report).error());
      continue;
    }
    reports.push_back(*std::move(report));
    lines.push_back(summary.lines);
    if (reports.size() >= kReportsAtOnce) HF_CHECK(flush());
  }
  HF_CHECK(flush());
  std::sort(summary.errors.begin(), summary.errors.end(),
            [](const LineError& a, const LineError& b) { return a.line < b.line; });
  return summary;
}

}  // namespace hf::fleet
