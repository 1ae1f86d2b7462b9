// The signer process, with a real SoftHSM token.
#include "keys/signer/supervisor.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <fstream>
#include <thread>

#include "keys/keys_test.h"
#include "support/temp_dir.h"

namespace hf::keys {
namespace {

using namespace test;
using namespace std::chrono_literals;

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class SignerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    auto config = crypto::set_up_soft_token(dir_.path(), {});
    ASSERT_TRUE(config) << config.error().message << config.error().detail;
    config_ = {
        .token = *config, .directory = dir_.path() / "token" / "signer", .program = HF_SIGNER_HOST, .arguments = {}};
    signer_ = std::make_unique<Signer>(config_, clock_);
    const auto key = signer_->generate(crypto::KeyAlgorithm::ecdsa_p256, "px-fw-1");
    ASSERT_TRUE(key) << key.error().message << key.error().detail;
    charter_.versions[0].id = key->pin.id;
    charter_.versions[0].fingerprint = key->pin.fingerprint;
    public_key_ = key->public_key;
    const auto founded = signer_->found(charter_);
    ASSERT_TRUE(founded) << founded.error().message;
  }

  // The process has its own clock, which is the machine's.
  [[nodiscard]] SignOrder order(std::int64_t uses = 1, char id = 'a') const {
    const auto now = clock_.now();
    auto request = request_for(charter_, kEvidence, now);
    request.uses = uses;
    request.id[0] = id;
    return {.request = request,
            .approvals = {approval_by(cast_.ann, request, Decision::approve, now),
                          approval_by(cast_.bob, request, Decision::approve, now)},
            .evidence = kEvidence};
  }
  [[nodiscard]] std::string signing(const SignOrder& order) {
    const auto signature = signer_->sign(order);
    if (!signature)
      return signature.error().code == "HF-SIGNER-0006" ? signature.error().detail
                                                        : std::string(signature.error().code);
    return crypto::Verifier(public_key_).verify(order.request.scheme, order.evidence, signature->signature) ? "ok"
                                                                                                            : "bad";
  }

  const Bytes kEvidence = evidence_of(R"({"version":"1.2"})");
  hf::test::TempDir dir_;
  SystemClock clock_;
  SignerConfig config_;
  Cast cast_;
  Charter charter_ = cast_.charter();
  crypto::PublicKey public_key_;
  std::unique_ptr<Signer> signer_;
};

TEST_F(SignerTest, SignsListsAndKeepsCharters) {
  EXPECT_EQ(signing(order()), "ok");
  const auto contents = signer_->contents();
  ASSERT_TRUE(contents);
  ASSERT_EQ(contents->keys.size(), 1U);
  EXPECT_EQ(contents->keys[0].public_key, public_key_);
  EXPECT_EQ(contents->keys[0].custody.never_extractable, true);
  EXPECT_EQ(*signer_->charter("px-fw"), charter_);
  EXPECT_GT(signer_->head()->lines, 3);
  signer_ = nullptr;  // drains, and flushes its journal
  signer_ = std::make_unique<Signer>(config_, clock_);
  EXPECT_EQ(*signer_->charter("px-fw"), charter_);
}

TEST_F(SignerTest, ManyThreadsShareIt) {
  const auto many = order(64);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 8; ++n) good += signing(many) == "ok" ? 1 : 0;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 64) << "of 128 asked for";
}

// Abuse case 21.
TEST_F(SignerTest, Abuse21AKilledSignerComesBackAndRemembersItsUses) {
  const auto once = order();
  EXPECT_EQ(signing(once), "ok");
  const auto first = signer_->process();
  ASSERT_GT(first, 0);
  ::kill(first, SIGKILL);
  ::siginfo_t gone{};
  ::waitid(P_PID, id_t(first), &gone, WEXITED | WNOWAIT);
  std::string again = signing(once);
  if (again == "HF-SIGNER-0009") again = signing(once);  // the call that found it dead
  EXPECT_EQ(again, "used");
  EXPECT_NE(signer_->process(), first);
}

// Abuse case 23: a token that hangs. A stopped process answers as little.
TEST_F(SignerTest, Abuse23ASignerThatDoesNotAnswerIsKilledAndStartedAnew) {
  config_.deadline = 3s;
  signer_ = nullptr;
  signer_ = std::make_unique<Signer>(config_, clock_);
  EXPECT_EQ(signing(order(1, 'b')), "ok");
  const auto first = signer_->process();
  ::kill(first, SIGSTOP);
  const auto once = order(1, 'c');
  EXPECT_EQ(signing(once), "HF-SIGNER-0011");
  EXPECT_NE(signing(once), "HF-SIGNER-0011");
  EXPECT_NE(signer_->process(), first);
}

// Abuse case 20, and "shows that it is done" 3.
TEST_F(SignerTest, Abuse20ThePinIsInNoArgumentNoEnvironmentAndNoCore) {
  EXPECT_EQ(signing(order()), "ok");
  const auto pin = content_of(config_.token.pin_file);
  ASSERT_GE(pin.size(), 32U);
  const auto process = std::filesystem::path("/proc") / std::to_string(signer_->process());
  EXPECT_EQ(content_of(process / "cmdline").find(pin), std::string::npos);
  EXPECT_EQ(content_of(process / "environ").find(pin), std::string::npos);
  const auto limits = content_of(process / "limits");
  EXPECT_NE(limits.find("Max core file size        0                    0"), std::string::npos) << limits;
  EXPECT_NE(content_of(process / "status").find("NoNewPrivs:\t1"), std::string::npos);
  for (const auto& file : std::filesystem::recursive_directory_iterator(config_.directory))
    EXPECT_TRUE(!file.is_regular_file() || content_of(file.path()).find(pin) == std::string::npos) << file.path();
}

TEST_F(SignerTest, OneThatCannotStartIsNotTriedAgainAtOnce) {
  auto config = config_;
  config.program = "/nonexistent";
  ManualClock clock(kNow);
  Signer nobody(config, clock);
  EXPECT_EQ(nobody.head().error().code, "HF-SIGNER-0012");
  config.program = HF_SIGNER_HOST;
  EXPECT_EQ(nobody.head().error().code, "HF-SIGNER-0012");
  Signer second(config, clock);
  EXPECT_EQ(second.head().error().code, "HF-SIGNER-0001") << "the journal is in use by the first signer";
  EXPECT_EQ(second.head().error().code, "HF-SIGNER-0012") << "the breaker is open";
  signer_ = nullptr;
  clock.advance(2s);
  EXPECT_TRUE(second.head());
}

}  // namespace
}  // namespace hf::keys
