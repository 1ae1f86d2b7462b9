#include "keys/debug_session.h"

#include <gtest/gtest.h>

#include "keys/register_test.h"
#include "support/test_database.h"

namespace hf::keys {
namespace {

using namespace test;
using namespace std::chrono_literals;

class DebugSessionTest : public hf::test::DatabaseTest {
 protected:
  void SetUp() override {
    DatabaseTest::SetUp();
    auto charter = cast_.charter();
    charter.key_class = KeyClass::debug;
    charter.policy.debug = DebugPolicy{.lifecycles = {{"0x3000", "0f"}}, .class_wide = false};
    charter_ = put_key(*database_, clock_, charter, pair_).charter;
    auto other = cast_.charter();
    other.key = "px-other";
    other_ = put_key(*database_, clock_, other, hf::test::TestKey(crypto::KeyAlgorithm::ecdsa_p256)).charter;
  }
  std::string ask(const Charter& charter, char id, std::string_view requester, std::string_view device = "d1") {
    const auto evidence = evidence_of(
        charter.key_class == KeyClass::debug
            ? R"({"kind":"debug_token","permissions":"03","lifecycle":"0x3000","challenge_sha256":"aa","device":")" +
                  std::string(device) + R"("})"
            : R"({"version":"1"})");
    auto request = request_for(charter, evidence, clock_.now());
    request.id[0] = id;
    request.requester = requester;
    return put_request(*database_, clock_, request, attachment_of(evidence));
  }
  std::vector<DebugSession> sessions() {
    auto found = database_->read([&](const db::Reader& reader) { return debug_sessions(reader, 100, clock_.now()); });
    EXPECT_TRUE(found) << found.error().message << found.error().detail;
    return found ? *std::move(found) : std::vector<DebugSession>();
  }
  std::string state_of(const std::string& digest) {
    for (const auto& session : sessions())
      if (session.judged.stored.digest == digest) return session.state;
    return "none";
  }
  std::string close(const std::string& digest, std::string_view note = "sent back") {
    const auto stored =
        database_->read([&](const db::Reader& reader) { return Store(reader).request(digest); }).value().value();
    const auto done = close_debug_session(
        *database_, clock_, stored,
        {.person = "user:9", .locked = true, .attestation_sha256 = "", .note = std::string(note), .closed_at = {}},
        {"user:9", ""});
    return done ? std::string() : std::string(done.error().code);
  }

  Cast cast_;
  ManualClock clock_{kNow};
  hf::test::TestKey pair_{crypto::KeyAlgorithm::ecdsa_p256};
  Charter charter_, other_;
};
HF_BOTH_ENGINES(DebugSessionTest);

TEST_P(DebugSessionTest, IsOpenFromItsSignatureUntilItIsClosedOnce) {
  const auto digest = ask(charter_, '1', "user:5"), firmware = ask(other_, '2', "user:5");
  EXPECT_EQ(state_of(digest), "waiting");
  EXPECT_EQ(state_of(firmware), "none");
  EXPECT_EQ(close(digest), "HF-KEYS-0030") << "nothing was signed";
  put_signature(*database_, clock_, digest);
  EXPECT_EQ(state_of(digest), "open");
  clock_.advance(72h);
  EXPECT_EQ(state_of(digest), "overdue") << "its request has expired, and nobody said how it ended";
  EXPECT_EQ(close(digest, "two\nlines"), "HF-KEYS-0032");
  EXPECT_EQ(close(digest), "");
  EXPECT_EQ(state_of(digest), "closed");
  EXPECT_EQ(close(digest), "HF-KEYS-0031");
  const auto closing = sessions().at(0).closing;
  ASSERT_TRUE(closing);
  EXPECT_EQ(closing->note, "sent back");
  EXPECT_TRUE(closing->locked);
  EXPECT_GT(closing->entry, 0);
  put_signature(*database_, clock_, firmware);
  EXPECT_EQ(close(firmware), "HF-KEYS-0030") << "no debug session";
}

TEST_P(DebugSessionTest, AreCountedByRequesterAndMonth) {
  const auto signed_session = [&](char id, std::string_view requester) {
    const auto digest = ask(charter_, id, requester);
    put_signature(*database_, clock_, digest);
    return digest;
  };
  signed_session('1', "user:5"), signed_session('2', "user:5"), signed_session('3', "user:6");
  ask(charter_, '4', "user:5");  // never signed: not counted
  clock_.set(kNow + 24h * 30);
  signed_session('5', "user:5");
  const auto all = sessions();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(month_of(all[0]), "2026-12");
  EXPECT_EQ(all[0].of_requester, 1);
  EXPECT_EQ(month_of(all[1]), "2026-11");
  EXPECT_EQ(all[1].of_requester, 2) << "of user:5, with a signature";
  EXPECT_EQ(all[2].of_requester, 1);
  EXPECT_EQ(all[4].of_requester, 2);
}

}  // namespace
}  // namespace hf::keys
