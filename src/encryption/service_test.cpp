// Content keys in the register, on both engines: who may wrap for whom, what is refused, and what a key exposes.
#include "encryption/service.h"

#include <fstream>

#include "crypto/cipher.h"
#include "crypto/random.h"
#include "support/temp_dir.h"
#include "support/test_database.h"
#include "support/test_keys.h"

namespace hf::encryption {
namespace {

namespace fs = std::filesystem;
using test::KeyAlgorithm, test::TestKey;

// A token in memory: AES-GCM as crypto/p11/kek.cpp has it done.
class MemoryKeks final : public crypto::KekStore {
 public:
  Result<crypto::Kek> generate(std::string_view label) override {
    crypto::Kek kek{std::string(label), crypto::random_bytes(16), {}};
    keys_[to_hex(kek.id)] = crypto::random_bytes(32);
    kek.fingerprint = crypto::sha256({ByteView(keys_[to_hex(kek.id)])});
    return kek;
  }
  Result<Bytes> wrap(const crypto::Kek& kek, ByteView key, ByteView context) override {
    auto out = crypto::random_bytes(crypto::kGcmNonce);
    HF_TRY(auto stream, crypto::CipherStream::encrypt(crypto::CipherMode::gcm, keys_.at(to_hex(kek.id)), out, context));
    for (const auto& part : {stream.update(key).value(), stream.finish().value()})
      out.insert(out.end(), part.begin(), part.end());
    wrapped.push_back(Bytes(key.begin(), key.end()));
    return out;
  }
  Result<crypto::Secret> unwrap(const crypto::Kek& kek, ByteView sealed, ByteView context) override {
    HF_TRY(auto stream, crypto::CipherStream::decrypt(crypto::CipherMode::gcm, keys_.at(to_hex(kek.id)),
                                                      sealed.first(crypto::kGcmNonce), context));
    HF_TRY(const auto key, stream.update(sealed.subspan(crypto::kGcmNonce)));
    HF_CHECK(stream.finish());
    return crypto::Secret(key);
  }
  std::vector<Bytes> wrapped;

 private:
  std::map<std::string, Bytes> keys_;
};

class EncryptionService : public test::DatabaseTest {
 protected:
  fs::path file(const std::string& name, std::string_view content) {
    const auto path = dir_.path() / name;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    return path;
  }
  crypto::RecipientKey key() { return *crypto::recipient_key_of(to_spki(TestKey(KeyAlgorithm::ecdsa_p256).key())); }
  void prepare() {
    ASSERT_TRUE(service_.create_key("ota", "production", officer_));
    ASSERT_TRUE(service_.permit("ota", {"cli:ci", "field", true, {}}, officer_));
    for (const auto* name : {"a", "b"}) ASSERT_TRUE(service_.add_recipient(name, "field", key(), officer_));
    ASSERT_TRUE(service_.add_recipient("lab", "lab", key(), officer_));
  }
  Result<ContentKey> content_key(const fs::path& artifact, const ledger::Actor& actor) {
    return service_.make_content_key({"ota", "px", "1.0", artifact, 256}, actor);
  }
  std::string encrypted(const fs::path& artifact, const std::string& group, std::vector<std::string> names,
                        const ledger::Actor& actor) {
    const auto done = service_.encrypt({artifact, artifact.string() + ".enc", "cose", group, std::move(names)}, actor);
    if (!done) return std::string(done.error().code);
    std::string all;
    for (const auto& name : done->use.recipients) all += name + " ";
    return all;
  }
  template <class T>
  static std::string code(const Result<T>& result) {
    return result ? "" : std::string(result.error().code);
  }

  test::TempDir dir_;
  ManualClock clock_{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};
  MemoryKeks token_;
  Service service_{*database_, clock_, token_};
  ledger::Actor officer_{"cli:olga", "operator"}, ci_{"cli:ci", "operator"}, mallory_{"cli:mallory", "operator"};
};
HF_BOTH_ENGINES(EncryptionService);

TEST_P(EncryptionService, AReleaseIsEncryptedForAGroup) {
  prepare();
  const auto artifact = file("app.bin", "firmware");
  const auto made = content_key(artifact, ci_);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(std::tuple(made->bits, made->origin, made->creator, made->key),
            std::tuple(256, "generated", "cli:ci", "ota"));
  ASSERT_EQ(token_.wrapped.size(), 1U);
  EXPECT_EQ(to_hex(made->wrapped).find(to_hex(token_.wrapped[0])), std::string::npos);
  EXPECT_EQ(code(content_key(artifact, ci_)), "HF-ENCRYPT-0014");
  EXPECT_EQ(encrypted(artifact, "field", {}, ci_), "a b ");
  EXPECT_TRUE(fs::exists(artifact.string() + ".enc.cose"));

  const auto sight = service_.content_key(made->artifact_sha256.substr(0, 8));
  ASSERT_TRUE(sight) << sight.error().message;
  ASSERT_EQ(sight->uses.size(), 1U);
  EXPECT_EQ(sight->uses[0].recipients, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(sight->uses[0].person, "cli:ci");
  EXPECT_EQ(code(service_.content_key("0000000")), "HF-ENCRYPT-0003");
  EXPECT_EQ(service_.content_keys(INT64_MAX, 10)->size(), 1U);
}

TEST_P(EncryptionService, NobodyWrapsForWhomTheyMayNot) {
  prepare();
  const auto artifact = file("app.bin", "firmware");
  EXPECT_EQ(code(content_key(artifact, mallory_)), "HF-ENCRYPT-0012");
  ASSERT_TRUE(content_key(artifact, ci_));
  EXPECT_EQ(encrypted(artifact, "field", {}, mallory_), "HF-ENCRYPT-0012");
  EXPECT_EQ(encrypted(artifact, "lab", {}, ci_), "HF-ENCRYPT-0012");
  EXPECT_EQ(encrypted(artifact, "field", {"lab"}, ci_), "HF-ENCRYPT-0012") << "one of them is enough";
  EXPECT_FALSE(fs::exists(artifact.string() + ".enc"));
  ASSERT_TRUE(service_.permit("ota", {"cli:ci", "*", true, {}}, officer_));
  EXPECT_EQ(encrypted(artifact, "field", {"lab"}, ci_), "a b lab ");
  ASSERT_TRUE(service_.permit("ota", {"cli:ci", "lab", false, {}}, officer_));
  EXPECT_EQ(encrypted(artifact, "lab", {}, ci_), "HF-ENCRYPT-0012") << "the group's own word comes before that on any";
  ASSERT_TRUE(service_.permit("ota", {"cli:ci", "field", false, {}}, officer_));
  EXPECT_EQ(encrypted(artifact, "field", {}, ci_), "HF-ENCRYPT-0012");
  EXPECT_EQ(service_.permits("ota")->size(), 4U);
  EXPECT_EQ(code(service_.permit("none", {"cli:ci", "*", true, {}}, officer_)), "HF-ENCRYPT-0001");
}

TEST_P(EncryptionService, ARevokedKeyGetsNothingMore) {
  prepare();
  const auto one = file("one.bin", "1"), two = file("two.bin", "2");
  ASSERT_TRUE(content_key(one, ci_));
  ASSERT_TRUE(content_key(two, ci_));
  EXPECT_EQ(encrypted(one, "field", {}, ci_), "a b ");
  clock_.advance(std::chrono::hours(1));
  const auto revoked = service_.revoke_recipient("a", "read out", officer_);
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->revocation->reason, "read out");
  EXPECT_EQ(encrypted(two, "field", {}, ci_), "b ");
  EXPECT_EQ(encrypted(two, "", {"a"}, ci_), "HF-ENCRYPT-0015");
  EXPECT_EQ(code(service_.revoke_recipient("a", "again", officer_)), "HF-ENCRYPT-0013");
  EXPECT_EQ(code(service_.revoke_recipient("none", "x", officer_)), "HF-ENCRYPT-0002");
  ASSERT_TRUE(service_.revoke_recipient("b", "too", officer_));
  EXPECT_EQ(encrypted(two, "field", {}, ci_), "HF-ENCRYPT-0015");

  // By name and by fingerprint: what was wrapped stays open.
  const auto exposed = service_.exposed_to("a");
  ASSERT_TRUE(exposed);
  ASSERT_EQ(exposed->size(), 1U);
  EXPECT_EQ(std::tuple(exposed->at(0).product, exposed->at(0).artifact_name, exposed->at(0).form),
            std::tuple("px", "one.bin", "cose"));
  EXPECT_EQ(service_.exposed_to(revoked->fingerprint)->size(), 1U);
  EXPECT_EQ(service_.exposed_to("b")->size(), 2U);
  EXPECT_EQ(service_.exposed_to("lab")->size(), 0U);
  EXPECT_EQ(code(service_.exposed_to("ff")), "HF-ENCRYPT-0002");
}

TEST_P(EncryptionService, AKeyIsOfOneRecipientAndAnArtifactIsItself) {
  prepare();
  const auto same = key();
  ASSERT_TRUE(service_.add_recipient("c", "field", same, officer_));
  EXPECT_EQ(code(service_.add_recipient("d", "lab", same, officer_)), "HF-ENCRYPT-0010");
  EXPECT_EQ(code(service_.add_recipient("c", "field", key(), officer_)), "HF-ENCRYPT-0010");
  EXPECT_EQ(code(service_.add_recipient(to_hex(same.fingerprint()), "field", key(), officer_)), "HF-ENCRYPT-0011");
  EXPECT_EQ(code(service_.add_recipient("a name", "field", key(), officer_)), "HF-ENCRYPT-0011");
  EXPECT_EQ(code(service_.create_key("ota", "test", officer_)), "HF-ENCRYPT-0010");
  const auto artifact = file("app.bin", "firmware");
  ASSERT_TRUE(content_key(artifact, ci_));
  file("app.bin", "firmware, changed");
  EXPECT_EQ(encrypted(artifact, "field", {}, ci_), "HF-ENCRYPT-0003");
  EXPECT_EQ(encrypted(artifact, "", {}, ci_), "HF-ENCRYPT-0003");
}

// More than one entry of the ledger can name.
TEST_P(EncryptionService, AFileIsForManyRecipients) {
  prepare();
  ASSERT_TRUE(service_.permit("ota", {"cli:ci", "fleet", true, {}}, officer_));
  constexpr std::size_t kMany = 201;
  for (std::size_t i = 0; i < kMany; ++i)
    ASSERT_TRUE(service_.add_recipient("unit-" + std::to_string(i), "fleet", key(), officer_));
  const auto artifact = file("app.bin", "firmware");
  const auto made = content_key(artifact, ci_);
  ASSERT_TRUE(made);
  const auto done = service_.encrypt({artifact, artifact.string() + ".enc", "cose", "fleet", {}}, ci_);
  ASSERT_TRUE(done) << done.error().message << done.error().detail;
  const auto uses = service_.content_key(made->artifact_sha256)->uses;
  ASSERT_EQ(uses.size(), 1U);
  EXPECT_EQ(uses[0].recipients.size(), kMany);
  EXPECT_EQ(service_.exposed_to("unit-200")->size(), 1U);
}

// Whoever can write rows has no key by that: the wrapped key of one artifact is none of another.
TEST_P(EncryptionService, ARowThatWasChangedOpensNothing) {
  prepare();
  const auto one = file("one.bin", "1"), two = file("two.bin", "2");
  const auto first = content_key(one, ci_), second = content_key(two, ci_);
  ASSERT_TRUE(first && second);
  static const db::Query exchange{"test.exchange_content_key",
                                  "UPDATE content_key SET wrapped = $1 WHERE artifact_sha256 = $2"};
  ASSERT_TRUE(database_->write([&](db::Writer& writer) -> Result<void> {
    HF_CHECK(writer.execute(exchange, to_hex(first->wrapped), second->artifact_sha256));
    return {};
  }));
  EXPECT_EQ(encrypted(one, "field", {}, ci_), "a b ");
  EXPECT_EQ(encrypted(two, "field", {}, ci_), "HF-CIPHER-0002");
  EXPECT_FALSE(fs::exists(two.string() + ".enc"));
}

}  // namespace
}  // namespace hf::encryption
