// Backups of an installation at work, on both engines: whole, restorable, and refused when anything in them differs.
#include "instance/backup.h"

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "crypto/token_setup.h"
#include "instance/check.h"
#include "support/test_database.h"

namespace hf::instance {
namespace {
namespace fs = std::filesystem;

// Installations need databases of their own: a schema keeps its name through a backup.
class ServerDatabase {
 public:
  ServerDatabase() : name_("hf_backup_" + std::to_string(getpid()) + "_" + std::to_string(serial_++)) {
    run("CREATE DATABASE " + name_);
  }
  ~ServerDatabase() { run("DROP DATABASE " + name_ + " WITH (FORCE)"); }
  ServerDatabase(const ServerDatabase&) = delete;
  ServerDatabase& operator=(const ServerDatabase&) = delete;
  [[nodiscard]] std::string location() const { return server() + " dbname=" + name_; }

 private:
  static std::string server() { return std::getenv("HF_TEST_POSTGRESQL") ? std::getenv("HF_TEST_POSTGRESQL") : ""; }
  static void run(const std::string& sql) {
    auto connection = db::open_postgresql(server(), db::Access::write);
    ASSERT_TRUE(connection) << "run under tests/support/with_postgres";
    const auto done = (*connection)->script(sql);
    ASSERT_TRUE(done) << done.error().detail;
  }
  static inline int serial_ = 0;
  std::string name_;
};

class Backup : public testing::TestWithParam<db::Engine> {
 protected:
  void SetUp() override {
    if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    if (GetParam() == db::Engine::postgresql) from_.emplace(), to_.emplace();
    auto made = Instance::create(path("data"), {"example.eu/backup", from_ ? from_->location() : ""});
    ASSERT_TRUE(made) << made.error().message << made.error().detail;
    instance_ = *std::move(made);
  }

  [[nodiscard]] fs::path path(std::string_view name) const { return directory_.file(name); }
  ledger::EntryId add(int i) {
    const auto entry =
        ledger::write(instance_->database(), instance_->clock(), {"user:test", "tester"},
                      [&](ledger::Transaction& t) { return t.append("thing.added", {"thing:" + std::to_string(i)}); });
    EXPECT_TRUE(entry) << entry.error().detail;
    return entry.value_or(ledger::EntryId{});
  }
  Result<BackupSummary> restore_to(std::string_view name, const fs::path& file) {
    return restore(file, path(name), to_ ? to_->location() : "");
  }
  InstallationReport report(Instance& instance) {
    auto checked = check(instance, recorded_verifier_key(instance.data()).value());
    EXPECT_TRUE(checked) << checked.error().detail;
    return *std::move(checked);
  }

  test::TemporaryDirectory directory_;
  std::optional<ServerDatabase> from_, to_;
  std::unique_ptr<Instance> instance_;
};
HF_BOTH_ENGINES(Backup);

TEST_P(Backup, ARestoredInstallationGoesOnWhereTheBackupWasMade) {
  const auto text = bytes_of("an SBOM");
  const auto blob = instance_->blobs().put(text).value();
  for (int i = 0; i < 20; ++i) add(i);
  ASSERT_TRUE(instance_->log().advance());
  const auto last = add(20);  // still waiting for its index

  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 100; !stop; ++i) add(i);
  });
  const auto made = back_up(*instance_, path("all.tar.zst"), true);
  stop = true;
  writer.join();
  ASSERT_TRUE(made) << made.error().message << made.error().detail;
  EXPECT_EQ(back_up(*instance_, path("all.tar.zst"), true).error().code, "HF-BACKUP-0001");

  const auto key = instance_->log().verifier_key().value().to_text();
  instance_.reset();
  const auto restored = restore_to("restored", path("all.tar.zst"));
  ASSERT_TRUE(restored) << restored.error().message << restored.error().detail;
  EXPECT_EQ(restored->files, made->files);
  EXPECT_EQ(restored->bytes, made->bytes);
  auto again = Instance::open(path("restored"));
  ASSERT_TRUE(again) << again.error().message << again.error().detail;
  EXPECT_EQ((*again)->log().verifier_key()->to_text(), key);
  EXPECT_EQ((*again)->blobs().get(blob).value(), Bytes(text.begin(), text.end()));
  EXPECT_EQ((*again)->config().origin, "example.eu/backup");
  EXPECT_EQ(report(**again).findings, std::vector<std::string>{});
  const auto size = (*again)->log().advance();
  ASSERT_TRUE(size) << size.error().message;
  EXPECT_GE(*size, 21U) << "what was acknowledged before the backup is in it";
  EXPECT_TRUE((*again)->log().prove(last));
  EXPECT_EQ(report(**again).findings, std::vector<std::string>{});
  EXPECT_EQ(restore_to("restored", path("all.tar.zst")).error().code, "HF-BACKUP-0007");
  if (to_) {
    EXPECT_EQ(restore_to("second", path("all.tar.zst")).error().code, "HF-DB-0012");
  }
}

TEST_P(Backup, TheLedgersKeyStaysBehindUnlessAskedFor) {
  add(1);
  ASSERT_TRUE(instance_->log().advance());
  ASSERT_TRUE(back_up(*instance_, path("rows.tar.zst"), false));
  EXPECT_EQ(fs::status(path("rows.tar.zst")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const auto restored = restore_to("restored", path("rows.tar.zst"));
  ASSERT_TRUE(restored) << restored.error().message << restored.error().detail;
  EXPECT_FALSE(restored->with_token);
  EXPECT_FALSE(fs::exists(path("restored") / "token"));
  auto reader = Instance::open_to_read(path("restored")).value();
  EXPECT_EQ(report(*reader).findings, std::vector<std::string>{}) << "verified without the token";
}

TEST_P(Backup, NothingOfADamagedBackupIsRestored) {
  if (GetParam() == db::Engine::postgresql) GTEST_SKIP() << "the file is the same for both";
  ASSERT_TRUE(instance_->blobs().put(bytes_of("an SBOM")));
  for (int i = 0; i < 5; ++i) add(i);
  ASSERT_TRUE(instance_->log().advance());
  ASSERT_TRUE(back_up(*instance_, path("good.tar.zst"), false));
  std::ifstream in(path("good.tar.zst"), std::ios::binary);
  const std::string good{std::istreambuf_iterator<char>(in), {}};
  const auto attempt = [&](const std::string& bytes) {
    std::ofstream(path("bad.tar.zst"), std::ios::binary) << bytes;
    return restore(path("bad.tar.zst"), path("bad"));
  };
  for (std::size_t i = 0; i < 40; ++i) {
    auto bad = good;
    const auto at = i * good.size() / 40;
    bad[at] = char(bad[at] ^ (1 << i % 8));
    if (const auto restored = attempt(bad)) {  // a byte that pads the archive
      EXPECT_EQ(report(*Instance::open_to_read(path("bad")).value()).findings, std::vector<std::string>{}) << at;
    } else {
      EXPECT_TRUE(restored.error().code == "HF-BACKUP-0003" || restored.error().code == "HF-BACKUP-0006")
          << at << restored.error().message;
      EXPECT_TRUE(fs::is_empty(path("bad"))) << at;
    }
    fs::remove_all(path("bad"));
  }
  for (std::size_t size = 0; size < good.size(); size += good.size() / 9)
    EXPECT_FALSE(attempt(good.substr(0, size))) << size;
  EXPECT_EQ(restore(path("none.tar.zst"), path("bad")).error().code, "HF-BACKUP-0005");
}

TEST_P(Backup, CheckNamesADamagedBlobAndAnAlteredEntry) {
  const auto blob = instance_->blobs().put(bytes_of("an SBOM")).value();
  add(1);
  ASSERT_TRUE(instance_->log().advance());
  EXPECT_EQ(report(*instance_).findings, std::vector<std::string>{});
  const auto hex = to_hex(blob);
  std::ofstream(instance_->data() / "blobs" / hex.substr(0, 2) / hex.substr(2), std::ios::binary) << "other";
  const auto tamper = GetParam() == db::Engine::sqlite
                          ? "DROP TRIGGER ledger_entry_no_update; UPDATE ledger_entry SET kind = 'x'"
                          : "SET session_replication_role = replica; UPDATE ledger_entry SET kind = 'x'; SET "
                            "session_replication_role = origin";
  ASSERT_TRUE(instance_->database().write([&](db::Writer& writer) { return writer.script(tamper); }));
  const auto findings = report(*instance_).findings;
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_TRUE(findings[0].starts_with("blob " + hex)) << findings[0];
  EXPECT_TRUE(findings[1].starts_with("entry ")) << findings[1];
}

}  // namespace
}  // namespace hf::instance
