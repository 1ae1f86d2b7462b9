// Both counters; the TPM's against a software TPM of Debian's package swtpm, by the tools of tpm2-tools.
#include "factory/station/counter.h"

#include <csignal>
#include <cstdlib>

#include "factory/factory_test.h"

namespace hf::factory {
namespace {
using namespace fixture;

TEST(Counter, AFileCountsAndIsHeldToItsForm) {
  const TempDir dir;
  const auto file = dir.path() / "counter";
  const auto where = "file:" + file.string();
  EXPECT_EQ(open_counter(where, false).error().code, "HF-STATION-0010") << "it is made once, and not again";
  auto counter = open_counter(where, true).value();
  EXPECT_EQ(counter->value().value(), 0);
  EXPECT_EQ(counter->increment().value(), 1);
  EXPECT_EQ(open_counter(where, true).value()->increment().value(), 2) << "what is there stays";
  for (const auto* bad : {"", "-1", "1 2", "x", "99999999999999999999"}) {
    write_file(file, bad);
    EXPECT_EQ(counter->increment().error().code, "HF-STATION-0010") << bad;
  }
  for (const auto* bad : {"counter", "file:counter", "tpm:", "tpm:0x", "tpm:0x15; rm", "tpm:1500010"})
    EXPECT_EQ(open_counter(bad, true).error().code, "HF-STATION-0011") << bad;
}

// A software TPM of the test's own, on a socket that tpm2-tools find by TPM2TOOLS_TCTI.
class Tpm {
 public:
  Tpm() {
    const auto base = dir_.path().string();
    // Ended with its pid, which it writes.
    const auto started =
        keys::fixture::run("swtpm socket --tpm2 --daemon --tpmstate dir=" + base +
                           " --server type=unixio,path=" + base + "/tpm --ctrl type=unixio,path=" + base +
                           "/tpm.ctrl --flags not-need-init,startup-clear --pid file=" + base + "/pid");
    if (started.exit != 0) return;
    std::ifstream(base + "/pid") >> pid_;
    ::setenv("TPM2TOOLS_TCTI", ("swtpm:path=" + base + "/tpm").c_str(), 1);
  }
  ~Tpm() {
    ::unsetenv("TPM2TOOLS_TCTI");
    if (pid_ > 0) ::kill(pid_, SIGTERM);
  }
  Tpm(const Tpm&) = delete;
  Tpm& operator=(const Tpm&) = delete;
  [[nodiscard]] bool runs() const { return pid_ > 0; }

 private:
  TempDir dir_;
  pid_t pid_ = 0;
};

TEST(Counter, ATpmCountsOnWhenItsIndexIsMadeAnew) {
  HF_NEED_TOOL("swtpm", "swtpm");
  HF_NEED_TOOL("tpm2_nvincrement", "tpm2-tools");
  const Tpm tpm;
  ASSERT_TRUE(tpm.runs());
  constexpr auto kWhere = "tpm:0x1500010";
  EXPECT_EQ(open_counter(kWhere, false).error().code, "HF-STATION-0010");
  auto counter = open_counter(kWhere, true);
  ASSERT_TRUE(counter) << counter.error().message << counter.error().detail;
  const auto first = (*counter)->value().value();
  EXPECT_EQ((*counter)->increment().value(), first + 1);
  EXPECT_EQ(open_counter(kWhere, true).value()->value().value(), first + 1) << "what is there stays";
  ASSERT_EQ(keys::fixture::run("tpm2_nvundefine -C o 0x1500010").exit, 0);
  EXPECT_EQ((*counter)->value().error().code, "HF-STATION-0010");
  EXPECT_GT(open_counter(kWhere, true).value()->value().value(), first + 1) << "TPM 2.0 part 1, 37.2.4";
}

class TpmStation : public StationTest {
 protected:
  void SetUp() override {
    HF_NEED_TOOL("swtpm", "swtpm");
    HF_NEED_TOOL("tpm2_nvincrement", "tpm2-tools");
    tpm_ = std::make_unique<Tpm>();
    ASSERT_TRUE(tpm_->runs());
    where_ = "tpm:0x1500010";
    StationTest::SetUp();
  }
  std::unique_ptr<Tpm> tpm_;
};

// With the counter in a TPM, a snapshot of every file is behind it.
TEST_F(TpmStation, Abuse32ASnapshotOfAllFilesIsBehindTheTpm) {
  ASSERT_EQ(importing(authorisation()), "ok");
  EXPECT_EQ(issuing(Unit(serial_of(1))), "ok");
  station_.reset();
  fs::copy(place(), dir_.path() / "snapshot", fs::copy_options::recursive);
  open();
  EXPECT_EQ(issuing(Unit(serial_of(2))), "ok");
  station_.reset();
  fs::remove_all(place());
  fs::copy(dir_.path() / "snapshot", place(), fs::copy_options::recursive);
  open();
  EXPECT_EQ(trouble(), "HF-STATION-0004");
  EXPECT_EQ(issuing(Unit(serial_of(3))), "HF-STATION-0004");
}

}  // namespace
}  // namespace hf::factory
