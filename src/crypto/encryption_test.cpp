// Ciphers, key wrapping and COSE_Encrypt against the vectors of their specifications, and key-encryption keys on
// SoftHSM.
#include <gtest/gtest.h>
#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include "crypto/cipher.h"
#include "crypto/cms_envelope.h"
#include "crypto/cose_encrypt.h"
#include "crypto/kek.h"
#include "crypto/key_wrap.h"
#include "crypto/random.h"
#include "crypto/verification.h"
#include "support/temp_dir.h"
#include "support/test_keys.h"

namespace hf::crypto {
namespace {

// tests/data/crypto/encryption.vec: blocks of "name = hex"; a line of '[...]' begins a block of that kind.
struct Vector {
  std::string kind, where;
  std::map<std::string, Bytes, std::less<>> values;
  [[nodiscard]] const Bytes& at(std::string_view name) const {
    static const Bytes none;
    const auto found = values.find(name);
    return found == values.end() ? none : found->second;
  }
};

std::vector<Vector> vectors(std::string_view kind) {
  std::ifstream file(std::string(HF_TEST_DATA) + "/crypto/encryption.vec");
  EXPECT_TRUE(file);
  std::vector<Vector> all;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const auto text = trim(line);
    if (text.empty() || text.front() == '#') continue;
    if (text.front() == '[') {
      all.push_back({std::string(text.substr(1, text.size() - 2)), "line " + std::to_string(number), {}});
      continue;
    }
    const auto equals = text.find('=');
    const auto value = from_hex(trim(text.substr(equals + 1)));
    EXPECT_TRUE(value) << number;
    all.back().values[std::string(trim(text.substr(0, equals)))] = *value;
  }
  std::erase_if(all, [&](const Vector& one) { return one.kind != kind; });
  EXPECT_FALSE(all.empty()) << kind;
  return all;
}

// In pieces of `step`, so that no boundary is special.
Result<Bytes> through(Result<CipherStream> stream, ByteView in, std::size_t step) {
  if (!stream) return fail(stream.error());
  Bytes out;
  const auto put = [&](const Bytes& part) { out.insert(out.end(), part.begin(), part.end()); };
  for (; !in.empty(); in = in.subspan(std::min(step, in.size()))) {
    HF_TRY(const auto part, stream->update(in.first(std::min(step, in.size()))));
    put(part);
  }
  HF_TRY(const auto rest, stream->finish());
  put(rest);
  return out;
}

void expect_cipher(CipherMode mode, std::string_view kind) {
  for (const auto& vector : vectors(kind))
    for (const std::size_t step : {1U, 7U, 16U, 33U, 1000U}) {
      const auto& key = vector.at("key");
      const auto& iv = vector.at("iv");
      const auto& aad = vector.at("aad");
      const auto encrypted = through(CipherStream::encrypt(mode, key, iv, aad), vector.at("plain"), step);
      ASSERT_TRUE(encrypted);
      EXPECT_EQ(to_hex(*encrypted), to_hex(vector.at("cipher"))) << vector.where;
      const auto decrypted = through(CipherStream::decrypt(mode, key, iv, aad), *encrypted, step);
      ASSERT_TRUE(decrypted) << vector.where;
      EXPECT_EQ(to_hex(*decrypted), to_hex(vector.at("plain"))) << vector.where;
    }
}

TEST(Cipher, CounterModeOfSp80038a) { expect_cipher(CipherMode::ctr, "ctr"); }
TEST(Cipher, CipherBlockChainingIsPadded) { expect_cipher(CipherMode::cbc, "cbc"); }
TEST(Cipher, GaloisCounterMode) { expect_cipher(CipherMode::gcm, "gcm"); }

TEST(Cipher, WhatWasChangedDoesNotDecrypt) {
  const auto key = random_bytes(32), iv = random_bytes(12), plain = random_bytes(100), aad = random_bytes(5);
  const auto sealed = *through(CipherStream::encrypt(CipherMode::gcm, key, iv, aad), plain, 64);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    auto changed = sealed;
    changed[at] ^= 1;
    EXPECT_EQ(through(CipherStream::decrypt(CipherMode::gcm, key, iv, aad), changed, 64).error().code,
              "HF-CIPHER-0002");
  }
  EXPECT_FALSE(through(CipherStream::decrypt(CipherMode::gcm, key, iv, {}), sealed, 64));
  EXPECT_FALSE(through(CipherStream::decrypt(CipherMode::gcm, key, iv, aad), ByteView(sealed).first(15), 64));
  EXPECT_EQ(CipherStream::encrypt(CipherMode::gcm, random_bytes(24), iv).error().code, "HF-CIPHER-0001");
  EXPECT_EQ(CipherStream::encrypt(CipherMode::ctr, key, iv).error().code, "HF-CIPHER-0001");
}

TEST(KeyWrap, AsRfc3394Says) {
  for (const auto& vector : vectors("kw")) {
    const auto wrapped = aes_key_wrap(vector.at("kek"), vector.at("key"));
    ASSERT_TRUE(wrapped);
    EXPECT_EQ(to_hex(*wrapped), to_hex(vector.at("wrapped"))) << vector.where;
    const auto key = aes_key_unwrap(vector.at("kek"), *wrapped);
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->bytes()), to_hex(vector.at("key")));
    auto changed = *wrapped;
    changed[3] ^= 1;
    EXPECT_EQ(aes_key_unwrap(vector.at("kek"), changed).error().code, "HF-CIPHER-0002");
  }
  EXPECT_EQ(aes_key_wrap(Bytes(15), Bytes(16)).error().code, "HF-CIPHER-0001");
}

TEST(Hkdf, AsRfc5869Says) {
  for (const auto& vector : vectors("hkdf"))
    EXPECT_EQ(
        to_hex(hkdf_sha256(vector.at("secret"), vector.at("salt"), vector.at("info"), vector.at("out").size()).bytes()),
        to_hex(vector.at("out")))
        << vector.where;
}

// From the shared secret of the example to the content key of the example, and its ciphertext.
TEST(CoseEncrypt, TheExamplesOfTheWorkingGroupAreOpened) {
  for (const auto& vector : vectors("cose")) {
    const auto parsed = parse_cose_encrypt(vector.at("cose"));
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->nonce, vector.at("nonce"));
    EXPECT_FALSE(parsed->detached);
    ASSERT_EQ(parsed->recipients.size(), 1U);
    const auto& recipient = parsed->recipients[0];
    EXPECT_EQ(recipient.ephemeral.size(), 65U);
    const auto size = vector.at("kek").size();
    const auto context = cose_kdf_context(size, recipient.protected_header);
    EXPECT_EQ(to_hex(context), to_hex(vector.at("context"))) << vector.where;
    const auto kek = hkdf_sha256(vector.at("secret"), {}, context, size);
    EXPECT_EQ(to_hex(kek.bytes()), to_hex(vector.at("kek")));
    const auto key = aes_key_unwrap(kek.bytes(), recipient.wrapped);
    ASSERT_TRUE(key);
    EXPECT_EQ(to_hex(key->bytes()), to_hex(vector.at("cek")));
    EXPECT_EQ(to_hex(cose_encrypt_aad(key->size())), to_hex(vector.at("aad")));
    const auto plain =
        through(CipherStream::decrypt(CipherMode::gcm, key->bytes(), parsed->nonce, cose_encrypt_aad(key->size())),
                vector.at("ciphertext"), 16);
    ASSERT_TRUE(plain);
    EXPECT_EQ(text_of(*plain), "This is the content.");
  }
}

RecipientKey key_of(const test::TestKey& key) { return *recipient_key_of(to_spki(key.key())); }

TEST(CoseEncrypt, IsReadAsItWasMade) {
  const test::TestKey one(KeyAlgorithm::ecdsa_p256), two(KeyAlgorithm::ecdsa_p256), rsa(KeyAlgorithm::rsa_2048);
  for (const std::size_t size : {16U, 32U}) {
    const auto key = random_bytes(size), nonce = random_bytes(kGcmNonce);
    const auto made = cose_encrypt(key, nonce, {key_of(one), key_of(two)}, CoseUse::suit);
    ASSERT_TRUE(made);
    const auto parsed = parse_cose_encrypt(*made);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_TRUE(parsed->detached);
    EXPECT_EQ(parsed->nonce, nonce);
    EXPECT_EQ(parsed->algorithm, size == 16 ? 1 : 3);
    ASSERT_EQ(parsed->recipients.size(), 2U);
    const auto fingerprint = key_of(two).fingerprint();
    EXPECT_EQ(to_hex(parsed->recipients[1].key_id), to_hex(fingerprint));
    EXPECT_EQ(parsed->recipients[0].algorithm, size == 16 ? -29 : -31);
    EXPECT_EQ(to_hex(*made).find(to_hex(key)), std::string::npos);
    for (std::size_t at = 0; at < made->size(); ++at) EXPECT_FALSE(parse_cose_encrypt(ByteView(*made).first(at))) << at;
  }
  EXPECT_EQ(cose_encrypt(Bytes(16), Bytes(12), {key_of(rsa)}).error().code, "HF-RECIPIENT-0004");
  EXPECT_EQ(cose_encrypt(Bytes(16), Bytes(12), {}).error().code, "HF-RECIPIENT-0004");
}

TEST(RecipientKey, IsOfAFile) {
  const test::TestKey p256(KeyAlgorithm::ecdsa_p256), p384(KeyAlgorithm::ecdsa_p384), rsa(KeyAlgorithm::rsa_3072);
  const auto pem = recipient_key_of(bytes_of(to_pem(p256.key())));
  ASSERT_TRUE(pem);
  EXPECT_EQ(pem->fingerprint(), fingerprint_of(p256.key()));
  const auto certificate = p256.certificate({});
  const auto armoured = test::certificate_pem(certificate);
  for (const auto file : {ByteView(certificate), bytes_of(armoured)}) {
    const auto key = recipient_key_of(file);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->spki, pem->spki);
    EXPECT_EQ(key->certificate, certificate);
  }
  EXPECT_EQ(recipient_key_of(to_spki(rsa.key()))->bits, 3072);
  EXPECT_EQ(recipient_key_of(to_spki(p384.key())).error().code, "HF-RECIPIENT-0002");
  EXPECT_EQ(recipient_key_of(bytes_of(p256.private_pem())).error().code, "HF-RECIPIENT-0003");
  EXPECT_EQ(recipient_key_of(Bytes{0x30, 0x00}).error().code, "HF-RECIPIENT-0001");
  // X25519 (RFC 8410 3): a key, and the point zero, which is of small order (RFC 7748 6.1).
  auto spki = *from_hex("302a300506032b656e032100" + std::string(62, '0') + "09");
  const auto x25519 = recipient_key_of(spki);
  ASSERT_TRUE(x25519);
  EXPECT_EQ(agree_with(*x25519)->ephemeral.size(), 32U);
  spki.back() = 0;
  EXPECT_EQ(agree_with(*recipient_key_of(spki)).error().code, "HF-RECIPIENT-0004");
  EXPECT_EQ(encrypt_oaep(*recipient_key_of(to_spki(rsa.key())), Bytes(16))->size(), 384U);
}

TEST(CmsEnvelope, NamesItsRecipients) {
  const test::TestKey p256(KeyAlgorithm::ecdsa_p256), rsa(KeyAlgorithm::rsa_2048), ed25519(KeyAlgorithm::ed25519);
  const auto one = p256.certificate({.name = "One"}), two = rsa.certificate({.name = "Two"});
  const auto content = random_bytes(1000);
  const auto envelope = cms_envelope(content, {one, two});
  ASSERT_TRUE(envelope) << envelope.error().message;
  EXPECT_TRUE(is_cms_envelope(*envelope));
  const auto recipients = cms_recipients(*envelope);
  ASSERT_TRUE(recipients) << recipients.error().message;
  ASSERT_EQ(recipients->size(), 2U);
  std::set<std::string> kinds, issuers;
  for (const auto& recipient : *recipients) kinds.insert(recipient.kind), issuers.insert(to_hex(recipient.issuer));
  EXPECT_EQ(kinds, (std::set<std::string>{"key agreement", "key transport"}));
  EXPECT_EQ(issuers,
            (std::set<std::string>{to_hex(cms_recipient_of(one)->issuer), to_hex(cms_recipient_of(two)->issuer)}));
  for (std::size_t at = 0; at < envelope->size(); at += 7) EXPECT_FALSE(cms_recipients(ByteView(*envelope).first(at)));
  EXPECT_EQ(cms_envelope(content, {ed25519.certificate({})}).error().code, "HF-CMS-0004");
  EXPECT_EQ(cms_envelope(content, {Bytes{1}}).error().code, "HF-CMS-0004");
  EXPECT_EQ(cms_envelope(content, {}).error().code, "HF-CMS-0004");
}

class KekOnSoftHsm : public testing::Test {
 protected:
  void SetUp() override {
    if (find_soft_module().empty()) GTEST_SKIP() << "needs SoftHSM of Debian's package softhsm2";
    auto config = set_up_soft_token(dir.path(), {});
    ASSERT_TRUE(config) << config.error().message;
    store = *open_kek_store(*config);
  }
  test::TempDir dir;
  std::unique_ptr<KekStore> store;
};

TEST_F(KekOnSoftHsm, WrapsForOneContextAlone) {
  const auto kek = store->generate("ota");
  ASSERT_TRUE(kek) << kek.error().message << kek.error().detail;
  const auto other = store->generate("ota-2");
  ASSERT_TRUE(other);
  EXPECT_NE(kek->fingerprint, other->fingerprint);
  EXPECT_EQ(store->generate("ota").error().code, "HF-KEY-0007");

  const auto key = random_bytes(32);
  const auto wrapped = store->wrap(*kek, key, bytes_of("release 1"));
  ASSERT_TRUE(wrapped) << wrapped.error().message << wrapped.error().detail;
  EXPECT_EQ(wrapped->size(), 12U + 32 + 16);
  EXPECT_EQ(std::ranges::search(*wrapped, key).begin(), wrapped->end());
  const auto back = store->unwrap(*kek, *wrapped, bytes_of("release 1"));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(to_hex(back->bytes()), to_hex(key));

  EXPECT_EQ(store->unwrap(*kek, *wrapped, bytes_of("release 2")).error().code, "HF-CIPHER-0002");
  EXPECT_EQ(store->unwrap(*other, *wrapped, bytes_of("release 1")).error().code, "HF-CIPHER-0002");
  auto changed = *wrapped;
  changed[20] ^= 1;
  EXPECT_EQ(store->unwrap(*kek, changed, bytes_of("release 1")).error().code, "HF-CIPHER-0002");
  // After all the refusals it still answers.
  EXPECT_TRUE(store->unwrap(*kek, *wrapped, bytes_of("release 1")));
  auto exchanged = *kek;
  exchanged.id = other->id;
  EXPECT_EQ(store->wrap(exchanged, key, {}).error().code, "HF-KEY-0005");
  exchanged.id = random_bytes(16);
  EXPECT_EQ(store->wrap(exchanged, key, {}).error().code, "HF-KEY-0002");
}

}  // namespace
}  // namespace hf::crypto
