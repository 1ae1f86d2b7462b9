#include "instance/cli_db.h"

#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>

#include "base/json.h"
#include "db/migrate.h"
#include "instance/backup.h"
#include "instance/check.h"

namespace hf::instance {
namespace {

Result<cli::Exit> migrate(const cli::Args& args, cli::Terminal& terminal) {
  const auto data = data_of(args);
  HF_TRY(const auto config, read_config(data));
  HF_TRY(const auto location, location_of(data, config));
  HF_TRY(const auto database, db::Database::open_unchecked(location));
  const SystemClock clock;
  HF_TRY(const auto applied, db::migrate(*database, clock.now()));
  for (const auto& name : applied) terminal.out << "applied " << name << "\n";
  terminal.out << (applied.empty() ? "nothing to do: the schema is this version's\n"
                                   : "the schema is now this version's\n");
  return cli::kOk;
}

// The key that the ledger is checked with: given, or the one this installation wrote down, or its token's.
Result<ledger::VerifierKey> key_for(const cli::Args& args, Instance& instance) {
  if (const auto given = args.option("key")) return ledger::VerifierKey::parse(*given);
  if (auto recorded = recorded_verifier_key(instance.data())) return *std::move(recorded);
  HF_TRY(const auto with_keys, Instance::open(instance.data()));
  return with_keys->log().verifier_key();
}

Result<cli::Exit> report_check(Instance& instance, const ledger::VerifierKey& key, bool json, cli::Terminal& terminal) {
  std::unique_ptr<cli::Progress> progress;
  const auto report = check(instance, key, [&](std::uint64_t done, std::uint64_t total) {
    if (!progress) progress = std::make_unique<cli::Progress>(terminal, "ledger entries", total);
    progress->at(done);
  });
  progress.reset();
  if (!report) return fail(report.error());
  if (json) {
    terminal.out << to_pretty_text(
                        JsonObject{{"whole", report->findings.empty()},
                                   {"checks", JsonArray(report->checks.begin(), report->checks.end())},
                                   {"findings", JsonArray(report->findings.begin(), report->findings.end())}})
                 << "\n";
  } else {
    for (const auto& line : report->checks) terminal.out << "checked  " << line << "\n";
    for (auto finding : report->findings) {
      for (auto& c : finding)
        if (std::uint8_t(c) < 0x20 || c == 0x7f) c = '?';
      terminal.out << "WRONG    " << finding << "\n";
    }
    terminal.out << (report->findings.empty() ? "all is well\n" : "NOT whole\n");
  }
  return report->findings.empty() ? cli::kOk : cli::kNo;
}

Result<cli::Exit> check_installation(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, Instance::open_to_read(data_of(args)));
  HF_TRY(const auto key, key_for(args, *instance));
  return report_check(*instance, key, args.flag("json"), terminal);
}

std::string counted(const BackupSummary& summary) {
  return fmt::format("{} files, {} bytes, {}", summary.files, summary.bytes, summary.engine);
}

Result<cli::Exit> write_backup(const cli::Args& args, cli::Terminal& terminal) {
  HF_TRY(const auto instance, Instance::open_to_read(data_of(args)));
  HF_TRY(const auto summary, back_up(*instance, std::string(args.positional(0)), args.flag("with-token")));
  terminal.out << "backed up to " << args.positional(0) << ": " << counted(summary) << "\n";
  terminal.err
      << (summary.with_token
              ? "It holds the token with its PINs, and so the ledger's private key: keep it as you keep the key.\n"
              : "The token is not in it. Keep a copy of the token directory apart: without it, a restored log cannot "
                "go on.\n");
  return cli::kOk;
}

Result<cli::Exit> restore_backup(const cli::Args& args, cli::Terminal& terminal) {
  const auto data = data_of(args);
  HF_TRY(const auto summary, restore(std::string(args.positional(0)), data, args.option("database").value_or("")));
  terminal.out << "restored to " << data.string() << ": " << counted(summary) << "\n";
  if (!summary.with_token)
    terminal.err << "The token was not in the backup: put its directory back as " << (data / "token").string()
                 << " before the first start.\n";
  else
    terminal.err << "Keys: requests and grants of before are void, for what they were used for since the backup is not "
                    "known; ask anew.\nA key that was frozen since the backup is not: freeze it again.\n";
  HF_TRY(const auto instance, Instance::open_to_read(data));
  auto key = recorded_verifier_key(data);
  if (!key)
    return fail(ErrorKind::not_found, "HF-BACKUP-0009",
                "the backup has no verifier key; check the log with: holdfast db check --key TEXT");
  return report_check(*instance, *key, false, terminal);
}

const cli::Command kCommands[] = {
    {{"db migrate",
      "Bring the database to this version's schema",
      "Each migration is applied once, in its own transaction. Back up first; stop servers of the older version.",
      {},
      {kDataOption},
      {"holdfast db migrate --data /var/lib/holdfast"}},
     migrate},
    {{"db check",
      "Recompute everything that can be recomputed, and name what is wrong",
      "Pages, indexes and references of the database, counters against what they count, stored documents against "
      "their\n"
      "names, and the evidence log with every proven row. Exit code 1 if anything is wrong.",
      {},
      {kDataOption,
       {"key", "TEXT", "Verifier key of the log (default: the one in ledger.vkey)"},
       {"json", "", "Print {whole, checks, findings}"}},
      {"holdfast db check"}},
     check_installation},
    {{"db backup",
      "Write one file with everything of this installation",
      "A tar.zst with database, stored documents and configuration, and a manifest of SHA-256 digests; consistent "
      "while\n"
      "servers write. Without --with-token the ledger's private key is not in it, and the file can be kept where the "
      "key may\n"
      "not be. With it, the file alone is enough to go on, and to sign in your name.",
      {{"FILE", "where to; must not exist"}},
      {kDataOption, {"with-token", "", "Also the token directory: the ledger's private key and its PINs"}},
      {"holdfast db backup /backup/holdfast-2026-11-23.tar.zst"}},
     write_backup},
    {{"db restore",
      "Restore a backup into an empty data directory, and check it",
      "Nothing is put in place before every file is as the manifest says. Then everything is checked as by 'db check'.",
      {{"FILE", "made by 'holdfast db backup'"}},
      {kDataOption, {"database", "LOCATION", "Restore the rows there instead of where they came from; must be empty"}},
      {"holdfast db restore holdfast-2026-11-23.tar.zst --data /var/lib/holdfast"}},
     restore_backup},
};

}  // namespace

std::span<const cli::Command> db_commands() { return kCommands; }

}  // namespace hf::instance
