// First start of the soft token, on real SoftHSM, killed at every call and at random moments.
#include "crypto/token_setup.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <fstream>
#include <random>

#include "crypto/key_record.h"
#include "crypto/p11/key_pair.h"
#include "support/p11_fault.h"
#include "support/temp_dir.h"

namespace {
struct TornWrite {
  long calls = 0, die_before = -1, die_after = -1;
  void reset() { *this = {}; }
} torn_write;
}  // namespace

// SoftHSM resolves this one before libc's (ENABLE_EXPORTS). Every file it writes begins so: ftruncate to 0, then one
// write.
extern "C" int ftruncate(int file, off_t size) noexcept {
  const auto call = ++torn_write.calls;
  if (call == torn_write.die_before) ::kill(::getpid(), SIGKILL);
  const auto result = static_cast<int>(::syscall(SYS_ftruncate, file, size));
  if (call == torn_write.die_after) ::kill(::getpid(), SIGKILL);
  return result;
}

namespace hf::crypto {
namespace {

namespace fs = std::filesystem;

const std::vector<KeySpec> kLedger{{std::string(kLedgerKey), KeyAlgorithm::ed25519}};
const std::vector<KeySpec> kTwo{{std::string(kLedgerKey), KeyAlgorithm::ed25519}, {"second", KeyAlgorithm::ecdsa_p256}};

const std::vector<void (*)(test::P11Fault&, long)> kDeaths{
    [](test::P11Fault& fault, long call) { fault.die_before = call; },
    [](test::P11Fault& fault, long call) { fault.die_after = call; },
    [](test::P11Fault&, long call) { torn_write.die_before = call; },
    [](test::P11Fault&, long call) { torn_write.die_after = call; },
};

class TokenSetup : public testing::Test {
 protected:
  void SetUp() override {
    if (find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    void* const library = ::dlopen(HF_P11_FAULT, RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(library) << ::dlerror();
    fault_ = reinterpret_cast<test::P11Fault* (*)()>(::dlsym(library, "hf_p11_fault"))();
    fault_->reset();
  }
  void TearDown() override {
    if (fault_) fault_->reset();
  }

  static Result<std::unique_ptr<KeyStore>> start(const fs::path& data, std::span<const KeySpec> keys = kLedger) {
    HF_TRY(const auto config, set_up_soft_token(data, keys, HF_P11_FAULT));
    return open_key_store(config, keys);
  }
  static bool started(const fs::path& data, std::span<const KeySpec> keys) {
    const auto store = start(data, keys);
    if (!store) ADD_FAILURE() << store.error().code << " " << store.error().message << ": " << store.error().detail;
    return store.has_value();
  }
  // One start in a child process. True if it ended well, false if it was killed; any other end fails the test.
  template <class Prepare>
  bool start_in_child(const fs::path& data, std::span<const KeySpec> keys, Prepare prepare) {
    const auto child = ::fork();
    if (child == 0) {
      fault_->reset();
      torn_write.reset();
      prepare();
      ::_exit(started(data, keys) ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFEXITED(status);
  }

  test::TempDir dir_;
  test::P11Fault* fault_ = nullptr;
};

TEST_F(TokenSetup, MakesTheTokenOnceAndFindsTheSameKeyAgain) {
  PublicKey first;
  for (int i = 0; i < 3; ++i) {
    const auto store = start(dir_.path());
    ASSERT_TRUE(store) << store.error().message << ": " << store.error().detail;
    const auto key = *(*store)->public_key(kLedgerKey);
    if (i == 0) first = key;
    EXPECT_EQ(key, first);
  }
  EXPECT_EQ(first.algorithm, KeyAlgorithm::ed25519);
  EXPECT_FALSE(fs::exists(dir_.path() / "token.new"));
  for (const auto* name : {"so.pin", "user.pin", "keys.json", "softhsm2.conf"})
    EXPECT_EQ(fs::status(dir_.path() / "token" / name).permissions(), fs::perms(0600)) << name;
  EXPECT_EQ(fs::status(dir_.path() / "token").permissions(), fs::perms(0700));
  EXPECT_GE(read_pin_file(dir_.path() / "token/user.pin")->size(), 32U);
}

TEST_F(TokenSetup, ADataDirectoryCanBeMoved) {
  const auto key = *(*start(dir_.path() / "a"))->public_key(kLedgerKey);
  fs::rename(dir_.path() / "a", dir_.path() / "b c");
  const auto store = start(dir_.path() / "b c");
  ASSERT_TRUE(store) << store.error().detail;
  EXPECT_EQ(*(*store)->public_key(kLedgerKey), key);
}

// Deterministic: dies before and after each PKCS#11 call of the first start.
TEST_F(TokenSetup, AStartKilledAtAnyCallIsFinishedByTheNext) {
  for (const auto& die : std::span(kDeaths).first(2)) {
    bool finished = false;
    for (long call = 1; !finished && call < 500; ++call) {
      const test::TempDir data;
      finished = start_in_child(data.path(), kTwo, [&] { die(*fault_, call); });
      ASSERT_TRUE(start_in_child(data.path(), kTwo, [] {})) << "after a kill at call " << call;
      EXPECT_FALSE(fs::exists(data.path() / "token.new"));
    }
    EXPECT_TRUE(finished);
  }
}

// The same, and within each write of SoftHSM, for a key that is added to a token in use: the first key must stay, and a
// half key must not be in the way.
TEST_F(TokenSetup, AnAddedKeyKilledAtAnyCallIsFinishedByTheNextAndTheFirstKeyStays) {
  ASSERT_TRUE(start_in_child(dir_.path(), kLedger, [] {}));
  const auto before = *read_key_record(dir_.path() / "token/keys.json");
  for (const auto& die : kDeaths) {
    bool finished = false;
    long call = 1;
    for (; !finished && call < 500; ++call) {
      const test::TempDir data;
      fs::copy(dir_.path(), data.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
      finished = start_in_child(data.path(), kTwo, [&] { die(*fault_, call); });
      ASSERT_TRUE(start_in_child(data.path(), kTwo, [] {})) << "after a kill at call " << call;
      const auto record = *read_key_record(data.path() / "token/keys.json");
      EXPECT_EQ(record.size(), 2U);
      EXPECT_EQ(record.find(kLedgerKey)->second, before.find(kLedgerKey)->second);
    }
    EXPECT_TRUE(finished);
    EXPECT_GT(call, 5) << "the death was never met";
  }
}

// And inside the calls and between system calls: a timer kills at random moments.
TEST_F(TokenSetup, AStartKilledAtARandomMomentIsFinishedByTheNext) {
  ASSERT_TRUE(start_in_child(dir_.path(), kLedger, [] {}));
  std::mt19937 random(20261123);
  int killed = 0;
  for (int round = 0; round < 60; ++round) {
    const test::TempDir data;
    const bool add = round % 2 == 1;
    if (add) fs::copy(dir_.path(), data.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    const auto delay = std::uniform_int_distribution<suseconds_t>(1000, add ? 120000 : 300000)(random);
    killed += !start_in_child(data.path(), kTwo, [&] {
      const itimerval timer{{}, {0, delay}};
      ::setitimer(ITIMER_REAL, &timer, nullptr);  // SIGALRM ends the process on the spot
    });
    ASSERT_TRUE(start_in_child(data.path(), kTwo, [] {})) << "after a kill at " << delay << " us";
    if (!add) continue;
    EXPECT_EQ(read_key_record(data.path() / "token/keys.json")->find(kLedgerKey)->second,
              read_key_record(dir_.path() / "token/keys.json")->find(kLedgerKey)->second);
  }
  EXPECT_GT(killed, 0);
}

// What a kill between SoftHSM's ftruncate and write leaves; the random kills above meet it once in thousands.
TEST_F(TokenSetup, ATokenObjectTornByAKilledLoginIsRestored) {
  const auto key = *(*start(dir_.path()))->public_key(kLedgerKey);
  fs::path object;
  for (const auto& token : fs::directory_iterator(dir_.path() / "token/tokens")) object = token.path() / "token.object";
  const auto size = fs::file_size(object);
  for (const auto torn : {std::uintmax_t{0}, std::uintmax_t{8}, size - 1}) {
    fs::resize_file(object, torn);
    const auto store = start(dir_.path());
    ASSERT_TRUE(store) << store.error().message << ": " << store.error().detail;
    EXPECT_EQ(*(*store)->public_key(kLedgerKey), key);
    EXPECT_TRUE((*store)->sign(kLedgerKey, bytes_of("x")));
    EXPECT_EQ(fs::file_size(object), size);
  }
  fs::remove(object);
  EXPECT_TRUE(start(dir_.path()));
}

TEST_F(TokenSetup, SeveralProcessesMayStartAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const auto child = ::fork();
    if (child == 0) ::_exit(started(dir_.path(), kTwo) ? 0 : 1);
    children.push_back(child);
  }
  for (const auto child : children) {
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(read_key_record(dir_.path() / "token/keys.json")->size(), 2U);
}

TEST_F(TokenSetup, ALostKeyIsReportedAndNeverMadeAnew) {
  const auto config = *set_up_soft_token(dir_.path(), kLedger, HF_P11_FAULT);
  const auto pin = *read_pin_file(config.pin_file);
  const auto destroy = [&](CK_OBJECT_CLASS type) {
    auto module = *p11::Module::load(config.module_path);
    auto session = *p11::Session::open(module, module->token(kSoftTokenLabel)->slot, true);
    ASSERT_TRUE(session.login(CKU_USER, pin));
    p11::Template pattern;
    pattern.number(CKA_CLASS, type);
    const auto found = *session.find(std::move(pattern));
    for (const auto object : found) ASSERT_TRUE(session.destroy(object));
  };
  destroy(CKO_PUBLIC_KEY);
  EXPECT_EQ(open_key_store(config, kLedger).error().code, "HF-KEY-0004");
  destroy(CKO_PRIVATE_KEY);
  EXPECT_EQ(open_key_store(config, kLedger).error().code, "HF-KEY-0002");
}

TEST_F(TokenSetup, AnotherKeyUnderTheRecordedIdIsRefused) {
  const auto config = *set_up_soft_token(dir_.path(), kLedger, HF_P11_FAULT);
  auto record = *read_key_record(config.record_file);
  record.begin()->second.pin.fingerprint[0] ^= 1;
  ASSERT_TRUE(write_key_record(config.record_file, record));
  EXPECT_EQ(open_key_store(config, kLedger).error().code, "HF-KEY-0005");
}

TEST_F(TokenSetup, ALostRecordTakesOverTheKeyThatIsThere) {
  const auto config = *set_up_soft_token(dir_.path(), kLedger, HF_P11_FAULT);
  const auto record = *read_key_record(config.record_file);
  fs::remove(config.record_file);
  ASSERT_TRUE(open_key_store(config, kLedger));
  EXPECT_EQ(*read_key_record(config.record_file), record);
}

TEST_F(TokenSetup, AnAlgorithmThatChangedIsRefused) {
  const auto config = *set_up_soft_token(dir_.path(), kLedger, HF_P11_FAULT);
  const std::vector<KeySpec> other{{std::string(kLedgerKey), KeyAlgorithm::ecdsa_p256}};
  EXPECT_EQ(open_key_store(config, other).error().code, "HF-KEY-0006");
  fs::remove(config.record_file);
  EXPECT_EQ(open_key_store(config, other).error().code, "HF-KEY-0006");
}

TEST_F(TokenSetup, ADamagedRecordIsNeverTakenForAnEmptyOne) {
  const auto config = *set_up_soft_token(dir_.path(), kLedger, HF_P11_FAULT);
  for (const auto* bad : {"", "{", "[]", "{}", R"({"keys":{}})", R"({"keys":[{}]})",
                          R"({"keys":[{"label":"a","algorithm":"rsa","id":"00","fingerprint":"00"}]})"}) {
    ASSERT_TRUE(write_private_file(config.record_file, bytes_of(bad)));
    EXPECT_EQ(open_key_store(config, kLedger).error().code, "HF-TOKEN-0005") << bad;
  }
}

TEST_F(TokenSetup, AModuleInUseElsewhereAndABadPathAreRefused) {
  const auto store = start(dir_.path() / "a");
  ASSERT_TRUE(store);
  EXPECT_TRUE(start(dir_.path() / "a")) << "the same directory is fine";
  EXPECT_EQ(start(dir_.path() / "b").error().code, "HF-TOKEN-0003");
  EXPECT_EQ(start(dir_.path() / "a#b").error().code, "HF-TOKEN-0002");
  EXPECT_EQ(set_up_soft_token(dir_.path(), kLedger, "").error().code, "HF-TOKEN-0001");
}

TEST_F(TokenSetup, AnyOtherTokenIsUsedByModuleLabelAndPinFile) {
  const auto soft = *set_up_soft_token(dir_.path(), {}, HF_P11_FAULT);  // stands for a token that others made
  const TokenConfig config{soft.module_path, soft.token_label, dir_.path() / "pin", dir_.path() / "keys.json"};
  fs::copy(soft.pin_file, config.pin_file);
  const auto store = open_key_store(config, kLedger);
  ASSERT_TRUE(store) << store.error().detail;
  EXPECT_TRUE((*store)->sign(kLedgerKey, bytes_of("x")));
  EXPECT_EQ(read_key_record(config.record_file)->size(), 1U);
}

TEST(PrivateFile, OnlyAFileOfOnesOwnIsRead) {
  const test::TempDir dir;
  const auto path = dir.path() / "pin";
  EXPECT_EQ(read_pin_file(path).error().code, "HF-FILE-0001");
  ASSERT_TRUE(write_private_file(path, bytes_of("1234\n")));
  EXPECT_EQ(read_pin_file(path)->text(), "1234");
  for (const auto mode : {0640, 0604, 0660, 0610}) {
    fs::permissions(path, fs::perms(mode));
    EXPECT_EQ(read_pin_file(path).error().code, "HF-FILE-0002") << std::oct << mode;
  }
  fs::permissions(path, fs::perms(0400));
  EXPECT_TRUE(read_pin_file(path));
  fs::create_symlink(path, dir.path() / "link");
  EXPECT_EQ(read_pin_file(dir.path() / "link").error().code, "HF-FILE-0001");
  EXPECT_EQ(read_pin_file(dir.path()).error().code, "HF-FILE-0002");
  ASSERT_EQ(::mkfifo((dir.path() / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_pin_file(dir.path() / "fifo").error().code, "HF-FILE-0002") << "and does not wait for a writer";
  for (const auto& bad :
       {std::string(), std::string("\n"), std::string("a b"), std::string("a\n\n"), std::string("a\0", 2)}) {
    ASSERT_TRUE(write_private_file(path, bytes_of(bad)));
    EXPECT_EQ(read_pin_file(path).error().code, "HF-PIN-0001") << bad;
  }
  ASSERT_TRUE(write_private_file(path, bytes_of(std::string(300, '1'))));
  EXPECT_EQ(read_pin_file(path).error().code, "HF-FILE-0003");
}

TEST(PrivateFile, APinComesThroughADescriptorToo) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "12", 2), 2);
  ASSERT_EQ(::write(ends[1], "34\n", 3), 3);
  ::close(ends[1]);
  EXPECT_EQ(read_pin_fd(ends[0])->text(), "1234");
  ::close(ends[0]);
  EXPECT_EQ(read_pin_fd(ends[0]).error().code, "HF-FILE-0001");
}

TEST(PrivateFile, ADraftOfAnInterruptedWriteIsReplaced) {
  const test::TempDir dir;
  const auto path = dir.path() / "f";
  std::ofstream(path.string() + ".new") << "half";
  ASSERT_TRUE(write_private_file(path, bytes_of("whole")));
  EXPECT_EQ(read_private_file(path, 10)->text(), "whole");
  EXPECT_EQ(write_private_file(dir.path() / "no/f", {}).error().code, "HF-FILE-0004");
}

}  // namespace
}  // namespace hf::crypto
