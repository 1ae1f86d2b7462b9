// The agent before a desk that decides as it is told; the real ones are under tests/e2e.
#include "keys/agent/agent.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>

#include "keys/agent/socket.h"
#include "keys/agent/wire.h"
#include "keys/formats/raw.h"
#include "keys/keys_test.h"
#include "support/temp_dir.h"

namespace hf::keys::agent {
namespace {

using namespace hf::keys::test;

class ToldDesk final : public Desk {
 public:
  explicit ToldDesk(hf::test::TestKey& key) : key_(key) {}
  Result<crypto::PublicKey> key(std::string_view name) override {
    if (name != "px-fw") return fail(ErrorKind::not_found, "HF-KEYS-0011", "no such key");
    return key_.key();
  }
  Result<Asked> request(std::string_view digest) override { return requests.at(std::string(digest)); }
  Result<std::vector<std::string>> open_for(std::string_view, std::string_view artifact) override {
    std::vector<std::string> digests;
    for (const auto& [digest, asked] : requests)
      if (asked.request.artifact->sha256 == artifact) digests.push_back(digest);
    return digests;
  }
  Result<std::string> ask(NewRequest wanted) override {
    const auto digest = "r" + std::to_string(requests.size());
    Asked asked{digest, {}, {{"approvals", "2 of 3 are lacking"}}, {}};
    asked.request.artifact = wanted.artifact;
    asked.request.product = wanted.product;
    asked.request.scheme = *wanted.scheme;
    asked.request.evidence_sha256 = to_hex(crypto::sha256({wanted.evidence}));
    requests.emplace(digest, std::move(asked));
    return digest;
  }
  Result<std::string> ask(NewGrant) override { return fail(ErrorKind::internal, "HF-KEYS-0001", "not asked"); }
  Result<Signed> sign(std::string_view digest) override {
    requests.erase(std::string(digest));
    return made("by approval");
  }
  Result<Signed> sign_under(std::string_view grant, NewRequest use) override {
    if (grant != "g1") return fail(ErrorKind::forbidden, "HF-SIGNER-0006", "the grant does not allow it");
    used = std::move(use);
    return made("by grant");
  }
  Result<std::string> put_in_force(std::string_view) override { return std::string(); }
  Result<void> record_file(std::int64_t, std::string_view) override { return {}; }

  std::map<std::string, Asked> requests;
  NewRequest used;

 private:
  static Result<Signed> made(std::string_view how) {
    Signed made;
    made.signature = Bytes(how.begin(), how.end());
    return made;
  }
  hf::test::TestKey& key_;
};

class AgentTest : public ::testing::Test {
 protected:
  std::unique_ptr<Agent> open(std::string grant = {}) {
    auto desk = std::make_unique<ToldDesk>(key_);
    desk_ = desk.get();
    return Agent::open(std::move(desk), {"px-fw"}, {"px", "main", "nightly", std::move(grant)}).value();
  }
  static std::string text_of(const Result<Bytes>& signature) { return {signature->begin(), signature->end()}; }

  hf::test::TestKey key_{crypto::KeyAlgorithm::ecdsa_p256};
  ToldDesk* desk_ = nullptr;
  const Prepared kPrepared{crypto::SignatureScheme::ecdsa_p256_sha256, Bytes(32, 7)};
};

TEST_F(AgentTest, AGrantThatTheToolNamesSignsAtOnce) {
  const auto agent = open();
  const auto key = agent->key("").value();
  EXPECT_EQ(text_of(agent->sign(key, kPrepared, "g1", "tool")), "by grant");
  EXPECT_EQ(desk_->used.product, "px");
  EXPECT_EQ(desk_->used.branch, "main");
  EXPECT_EQ(desk_->used.artifact.sha256, to_hex(kPrepared.digest));
  EXPECT_EQ(desk_->used.evidence, raw_evidence("tool", kPrepared.digest).value());
  EXPECT_EQ(agent->sign(key, kPrepared, "g2", "tool").error().kind, ErrorKind::forbidden);
  EXPECT_EQ(agent->key("other").error().code, "HF-AGENT-0002");
  EXPECT_EQ(text_of(open("g1")->sign(key, kPrepared, "-", "tool")), "by grant") << "the agent's own";
}

TEST_F(AgentTest, WithoutAGrantOneRequestIsMadeAndUsedWhenItIsApproved) {
  const auto agent = open();
  const auto key = agent->key("px-fw").value();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(agent->sign(key, kPrepared, "", "tool").error().code, "HF-AGENT-0003");
  ASSERT_EQ(desk_->requests.size(), 1U);
  auto& asked = desk_->requests.begin()->second;
  asked.lacks.clear();
  asked.request.product = "another product";
  EXPECT_EQ(agent->sign(key, kPrepared, "", "tool").error().code, "HF-AGENT-0003") << "that one is for something else";
  EXPECT_EQ(desk_->requests.size(), 2U);
  desk_->requests.erase("r1");
  desk_->requests.at("r0").request.product = "px";
  EXPECT_EQ(text_of(agent->sign(key, kPrepared, "", "tool")), "by approval");
  EXPECT_TRUE(desk_->requests.empty());
}

TEST_F(AgentTest, TheSocketAnswersItsOwnUserAndBreaksOffWhatIsNoFrame) {
  const hf::test::TempDir dir;
  const auto path = dir.path() / "agent";
  const auto agent = open("g1");
  std::string told;
  const auto socket = Socket::serve(path, *agent, [&](std::string_view what) { told += what; }).value();
  struct stat mode {};
  ASSERT_EQ(::stat(path.c_str(), &mode), 0);
  EXPECT_EQ(mode.st_mode & 0777, 0600U);
  EXPECT_EQ(Socket::serve(path, *agent, [](std::string_view) {}).error().code, "HF-AGENT-0004") << "one agent a path";

  auto caller = Caller::connect(path).value();
  const auto keys = caller.ask(std::uint8_t(Op::keys), {}).value();
  ASSERT_EQ(keys.size(), 5U);
  EXPECT_EQ(keys[4], key_.key().point);
  const Bytes name = keys[0], ecdsa{0, 0, 0x10, 0x41}, ecdsa_sha256{0, 0, 0x10, 0x44};
  const auto sign = [&](const std::vector<Bytes>& fields) { return caller.ask(std::uint8_t(Op::sign), fields); };
  EXPECT_TRUE(sign({name, ecdsa, {}, {}, kPrepared.digest}));
  EXPECT_EQ(sign({name, ecdsa_sha256, {}, {}, kPrepared.digest}).error().kind, ErrorKind::invalid)
      << "nothing was hashed";
  EXPECT_TRUE(caller.ask(std::uint8_t(Op::hash), {ecdsa_sha256}));
  EXPECT_TRUE(caller.ask(std::uint8_t(Op::update), {{'a', 'b'}}));
  EXPECT_TRUE(caller.ask(std::uint8_t(Op::update), {{'c'}}));
  EXPECT_TRUE(sign({name, ecdsa_sha256, {}, {}, {}}));
  EXPECT_EQ(desk_->used.artifact.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sign({{'x'}, ecdsa, {}, {}, kPrepared.digest}).error().kind, ErrorKind::not_found);
  EXPECT_EQ(sign({name, ecdsa, {}, {'g', '2'}, kPrepared.digest}).error().kind, ErrorKind::forbidden);
  EXPECT_EQ(sign({name}).error().kind, ErrorKind::invalid);
  EXPECT_EQ(caller.ask(99, {}).error().kind, ErrorKind::invalid);
  EXPECT_NE(told.find("signed 0707"), std::string::npos);

  // A length that no frame has ends the connection; the next one is served.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.string().size());
  for (const auto& bytes : {Bytes{0xff, 0xff, 0xff, 0xff}, Bytes{0, 0, 0, 0}, Bytes{0, 0, 0, 3, 1, 0, 0}}) {
    const Descriptor raw(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(raw.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::write(raw.get(), bytes.data(), bytes.size()), ssize_t(bytes.size()));
    char answer = 0;
    EXPECT_EQ(::read(raw.get(), &answer, 1), 0);
  }
  EXPECT_TRUE(Caller::connect(path).value().ask(std::uint8_t(Op::keys), {}));
}

TEST(AgentWire, FramesAreReadAsWrittenAndNothingBeyondThem) {
  const std::vector<Bytes> fields{{}, {1, 2, 3}, Bytes(70'000, 9)};
  const auto frame = encode(4, fields);
  const auto body = ByteView(frame).subspan(4);
  EXPECT_EQ(decode(body)->fields, fields);
  for (std::size_t size = 0; size < 16; ++size) {
    const auto cut = decode(body.first(size));
    EXPECT_TRUE(!cut || cut->fields.size() < fields.size()) << size;
  }
  EXPECT_FALSE(decode(from_hex("01ffffffff").value()));
}

}  // namespace
}  // namespace hf::keys::agent
