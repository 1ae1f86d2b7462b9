#include "instance/check.h"

#include <fmt/format.h>

#include "db/backup.h"
#include "db/check.h"

namespace hf::instance {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kRowsMax = 100;  // findings of one check

Result<void> check_blobs(Instance& instance, InstallationReport& report) {
  std::uint64_t blobs = 0;
  std::error_code ignored;
  const auto folder = instance.data() / "blobs";
  for (const auto& item : fs::recursive_directory_iterator(folder, ignored)) {
    if (!item.is_regular_file(ignored)) continue;
    const auto hex = item.path().parent_path().filename().string() + item.path().filename().string();
    const auto name = from_hex(hex);
    if (!name || name->size() != 32) continue;  // a half-written file of a crash
    ++blobs;
    const auto content = instance.blobs().get(ledger::hash_of(*name));
    if (!content) report.findings.push_back("blob " + hex + ": " + content.error().message);
  }
  report.checks.push_back(fmt::format("blobs: {} read", blobs));
  return {};
}

}  // namespace

Result<InstallationReport> check(Instance& instance, const ledger::VerifierKey& key,
                                 const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  InstallationReport report;
  HF_TRY(report.findings, db::engine_findings(instance.database().location()));
  report.checks.push_back(instance.database().engine() == db::Engine::sqlite
                              ? "database: pages, indexes and references"
                              : "database: references are the server's affair");
  for (const auto* contradictions : db::Check::all()) {
    std::size_t found = 0;
    HF_CHECK(instance.database().read([&](const db::Reader& reader) {
      return reader.each(contradictions->query(), [&](const db::Row& row) {
        report.findings.push_back(std::string(contradictions->query().name()) + ": " + row.string(0));
        return ++found < kRowsMax;
      });
    }));
    report.checks.push_back(std::string(contradictions->query().name()));
  }
  HF_CHECK(check_blobs(instance, report));
  HF_TRY(const auto ledger, ledger::verify_ledger(instance.database(), key, progress));
  for (const auto& finding : ledger.findings) report.findings.push_back(finding.where + ": " + finding.what);
  report.checks.push_back(
      fmt::format("ledger: {} entries ({} waiting), {} checkpoints, {} segments with {} events, {} rows",
                  ledger.entries, ledger.waiting, ledger.checkpoints, ledger.segments, ledger.events, ledger.rows));
  return report;
}

}  // namespace hf::instance
