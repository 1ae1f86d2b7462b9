// Against a real SoftHSM token. Faults come from tests/support/p11_fault_module.cpp, which lies between.
#include "crypto/p11/key_store.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <set>
#include <thread>

#include "crypto/byte_order.h"
#include "crypto/p11/key_pair.h"
#include "crypto/token_setup.h"
#include "support/p11_fault.h"
#include "support/temp_dir.h"

namespace hf::crypto {
namespace {

const std::vector<KeySpec> kKeys{{"ledger", KeyAlgorithm::ed25519}, {"device-ca", KeyAlgorithm::ecdsa_p256}};

class Pkcs11 : public testing::Test {
 protected:
  void SetUp() override {
    if (find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    void* const library = ::dlopen(HF_P11_FAULT, RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(library) << ::dlerror();
    fault_ = reinterpret_cast<test::P11Fault* (*)()>(::dlsym(library, "hf_p11_fault"))();
    fault_->reset();
    auto made = set_up_soft_token(dir_.path(), kKeys, HF_P11_FAULT);
    ASSERT_TRUE(made) << made.error().message << ": " << made.error().detail;
    config_ = *made;
    store_ = open();
  }
  void TearDown() override {
    if (fault_) fault_->reset();
  }

  std::unique_ptr<KeyStore> open() {
    auto store = open_key_store(config_, kKeys);
    EXPECT_TRUE(store) << store.error().message << ": " << store.error().detail;
    return store ? *std::move(store) : nullptr;
  }
  // The next call of this function fails so.
  void arm(std::string_view function, CK_RV value, int times = 1) {
    fault_->function = function, fault_->value = value, fault_->times = times, fault_->skip = 0;
  }
  std::string code_of_signing() {
    const auto signature = store_->sign("ledger", bytes_of("x"));
    return signature ? std::string("ok") : std::string(signature.error().code);
  }

  test::TempDir dir_;
  test::P11Fault* fault_ = nullptr;
  TokenConfig config_;
  std::unique_ptr<KeyStore> store_;
};

TEST_F(Pkcs11, SignsWithBothAlgorithmsAndOpensslAgrees) {
  for (const auto& spec : kKeys) {
    const auto key = store_->public_key(spec.label);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->algorithm, spec.algorithm);
    for (const auto& message : {std::string(), std::string("m"), std::string(100000, 'm')}) {
      const auto signature = store_->sign(spec.label, bytes_of(message));
      ASSERT_TRUE(signature) << signature.error().detail;
      EXPECT_TRUE(verify(*key, bytes_of(message), *signature));
    }
  }
  EXPECT_EQ(store_->sign("nobody", {}).error().code, "HF-KEY-0002");
}

TEST_F(Pkcs11, EveryAlgorithmSignsByEachOfItsSchemes) {
  auto module = *p11::Module::load(config_.module_path);
  auto session = *p11::Session::open(module, module->token(kSoftTokenLabel)->slot, true);
  const auto pin = *read_pin_file(config_.pin_file);
  const Bytes message{'m'};
  for (const auto algorithm : key_algorithms()) {
    const std::string label(name_of(algorithm));
    const auto pair = p11::generate_key_pair(session, algorithm, label);
    ASSERT_TRUE(pair) << label << ": " << pair.error().detail;
    EXPECT_EQ(pair->public_key.algorithm, algorithm);
    EXPECT_EQ(*public_key_of_spki(to_spki(pair->public_key)), pair->public_key);
    EXPECT_EQ(*public_key_of_pem(to_pem(pair->public_key)), pair->public_key);
    const Verifier verifier(pair->public_key);
    int schemes = 0;
    for (const auto scheme :
         {SignatureScheme::ed25519, SignatureScheme::ecdsa_p256_sha256, SignatureScheme::ecdsa_p384_sha384,
          SignatureScheme::rsa_pkcs1_sha256, SignatureScheme::rsa_pss_sha256}) {
      const auto signature = p11::sign(session, *pair, scheme, signing_input(scheme, message), pin);
      EXPECT_EQ(bool(signature), fits(scheme, algorithm)) << label << " " << name_of(scheme);
      if (!signature) continue;
      ++schemes;
      EXPECT_TRUE(verifier.verify(scheme, message, *signature)) << label << " " << name_of(scheme);
      EXPECT_FALSE(verifier.verify(scheme, Bytes{'n'}, *signature));
      EXPECT_FALSE(verifier.verify_input(scheme, Bytes{1, 2, 3}, *signature)) << "an input of another size";
      auto flipped = *signature;
      flipped.back() ^= 1;
      EXPECT_FALSE(verifier.verify(scheme, message, flipped));
      if (flipped.size() == 64 || flipped.size() == 96) {
        EXPECT_EQ(ecdsa_from_der(ecdsa_to_der(*signature), signature->size()), *signature);
      }
    }
    EXPECT_EQ(schemes, algorithm >= KeyAlgorithm::rsa_2048 ? 2 : 1);
  }
  const auto all = p11::contents_of(session);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->keys.size(), kKeys.size() + key_algorithms().size());
  EXPECT_TRUE(all->odd.empty());
  for (const auto& [label, pin_of, key, custody] : all->keys)
    EXPECT_TRUE(custody.local == true && custody.always_sensitive == true && custody.never_extractable == true &&
                custody.decrypt == false)
        << label;
  const auto publics = session.find(p11::Template().number(CKA_CLASS, CKO_PUBLIC_KEY).text(CKA_LABEL, "rsa-2048"));
  ASSERT_TRUE(session.destroy(publics->front()));
  EXPECT_EQ(p11::contents_of(session)->odd.front().label, "rsa-2048") << "half a key is told";
}

TEST_F(Pkcs11, ThePrivateKeyCannotLeaveTheToken) {
  auto module = *p11::Module::load(config_.module_path);
  auto session = *p11::Session::open(module, module->token(kSoftTokenLabel)->slot, true);
  for (const auto& spec : kKeys) {
    const auto pair = p11::find_key_pair(session, spec.label);
    ASSERT_TRUE(pair) << pair.error().detail;
    for (const auto& [attribute, expected] : {std::pair{CKA_SENSITIVE, true},
                                              {CKA_ALWAYS_SENSITIVE, true},
                                              {CKA_NEVER_EXTRACTABLE, true},
                                              {CKA_EXTRACTABLE, false},
                                              {CKA_SIGN, true},
                                              {CKA_DECRYPT, false},
                                              {CKA_UNWRAP, false},
                                              {CKA_DERIVE, false},
                                              {CKA_COPYABLE, false}})
      EXPECT_EQ(*session.attribute(pair->private_key, attribute), Bytes{std::uint8_t(expected)}) << attribute;
    EXPECT_EQ(session.attribute(pair->private_key, CKA_VALUE).error().detail,
              "C_GetAttributeValue: CKR_ATTRIBUTE_SENSITIVE");
  }
}

TEST_F(Pkcs11, ASignatureThatDoesNotVerifyIsWithheld) {
  fault_->corrupt_signatures = true;
  for (const auto& spec : kKeys) EXPECT_EQ(store_->sign(spec.label, bytes_of("x")).error().code, "HF-KEY-0003");
  fault_->corrupt_signatures = false;
  EXPECT_EQ(code_of_signing(), "ok");
}

TEST_F(Pkcs11, ALostSessionALogoutAndAChangedHandleAreMended) {
  for (const auto value : {CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED, CKR_USER_NOT_LOGGED_IN,
                           CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID, CKR_OPERATION_ACTIVE})
    for (const auto* function : {"C_SignInit", "C_Sign"}) {
      EXPECT_EQ(code_of_signing(), "ok");
      arm(function, value);
      EXPECT_EQ(code_of_signing(), "ok") << function << " " << p11::name_of(value);
      EXPECT_LE(fault_->times, 0);
    }
}

TEST_F(Pkcs11, WhatCannotBeMendedIsReportedByItsClassAndTheNextCallBeginsAnew) {
  for (const auto& [value, code] : {std::pair{CKR_DEVICE_ERROR, "HF-P11-0013"},
                                    {CKR_DEVICE_REMOVED, "HF-P11-0013"},
                                    {CKR_GENERAL_ERROR, "HF-P11-0013"},
                                    {CKR_VENDOR_DEFINED | 1, "HF-P11-0013"},
                                    {CKR_CRYPTOKI_NOT_INITIALIZED, "HF-P11-0014"},
                                    {CKR_KEY_FUNCTION_NOT_PERMITTED, "HF-P11-0016"},
                                    {CKR_MECHANISM_INVALID, "HF-P11-0016"}}) {
    arm("C_Sign", value);
    EXPECT_EQ(code_of_signing(), code) << p11::name_of(value);
    EXPECT_LE(fault_->times, 0) << "tried once: " << p11::name_of(value);
    EXPECT_EQ(code_of_signing(), "ok");
  }
  arm("C_Sign", CKR_SESSION_CLOSED, 2);
  EXPECT_EQ(code_of_signing(), "HF-P11-0010");  // mended once, not for ever
  EXPECT_EQ(code_of_signing(), "ok");
}

TEST_F(Pkcs11, ATokenThatIsAwayAndComesBackIsUsedAgain) {
  arm("C_Sign", CKR_TOKEN_NOT_PRESENT);
  EXPECT_EQ(code_of_signing(), "HF-P11-0013");
  arm("C_OpenSession", CKR_TOKEN_NOT_PRESENT, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(code_of_signing(), "HF-P11-0013");
  EXPECT_EQ(code_of_signing(), "ok");
}

TEST_F(Pkcs11, Abuse24ARefusedPinIsNeverTriedAgain) {
  store_.reset();
  arm("C_Login", CKR_PIN_INCORRECT);
  const auto refused = open_key_store(config_, kKeys);
  EXPECT_EQ(refused.error().code, "HF-P11-0015");

  store_ = open();
  arm("C_Sign", CKR_DEVICE_REMOVED);
  EXPECT_EQ(code_of_signing(), "HF-P11-0013");
  arm("C_Login", CKR_PIN_LOCKED);
  EXPECT_EQ(code_of_signing(), "HF-P11-0015");
  arm("C_Login", CKR_GENERAL_ERROR);
  EXPECT_EQ(code_of_signing(), "HF-P11-0015");
  EXPECT_EQ(fault_->times, 1) << "no second log-in";
}

// Somebody with the PIN takes a key away under a running store and puts another in its place, CKA_ID and all.
TEST_F(Pkcs11, Abuse25AKeyThatWasSwappedUnderTheSameIdSignsNothing) {
  ASSERT_TRUE(store_->sign("device-ca", bytes_of("x")));
  const auto module = p11::Module::load(config_.module_path);
  ASSERT_TRUE(module);
  const auto token = (*module)->token(config_.token_label);
  ASSERT_TRUE(token);
  auto session = p11::Session::open(*module, token->slot, true);  // logged in with the store: PKCS#11 knows one user
  ASSERT_TRUE(session);
  Bytes id;
  for (const auto type : {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY}) {
    const auto found = session->find(std::move(p11::Template().number(CKA_CLASS, type).text(CKA_LABEL, "device-ca")));
    ASSERT_TRUE(found && found->size() == 1);
    id = *session->attribute(found->front(), CKA_ID);
    ASSERT_TRUE(session->destroy(found->front()));
  }
  ASSERT_TRUE(session->generate_pair(
      CKM_EC_KEY_PAIR_GEN,
      std::move(p11::Template()
                    .flag(CKA_TOKEN, true)
                    .text(CKA_LABEL, "device-ca")
                    .bytes(CKA_ID, id)
                    .bytes(CKA_EC_PARAMS, {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07})),
      std::move(
          p11::Template().flag(CKA_TOKEN, true).text(CKA_LABEL, "device-ca").bytes(CKA_ID, id).flag(CKA_SIGN, true))));
  const auto signature = store_->sign("device-ca", bytes_of("x"));
  ASSERT_FALSE(signature);
  EXPECT_EQ(signature.error().code, "HF-KEY-0005") << signature.error().message << signature.error().detail;
}

// Two ECDSA signatures with one nonce give the private key away. Each of these is over the same digest, of which a bad
// generator would make the same nonce.
TEST_F(Pkcs11, Abuse28NoTwoSignaturesOfOneDigestHaveOneNonce) {
  constexpr int kSignatures = 2'000;
  std::set<Bytes, ByteOrder> seen;
  for (int i = 0; i < kSignatures; ++i) {
    const auto signature = store_->sign("device-ca", bytes_of("the same"));
    ASSERT_TRUE(signature);
    seen.emplace(signature->begin(), signature->begin() + std::ptrdiff_t(signature->size() / 2));
  }
  EXPECT_EQ(seen.size(), std::size_t{kSignatures});
}

TEST_F(Pkcs11, AWrongPinIsAnErrorOfItsOwn) {
  ASSERT_TRUE(write_private_file(config_.pin_file, bytes_of("not-the-pin\n")));
  store_.reset();
  const auto refused = open_key_store(config_, kKeys);
  EXPECT_EQ(refused.error().code, "HF-P11-0015");
  EXPECT_EQ(refused.error().detail, "C_Login: CKR_PIN_INCORRECT");
  EXPECT_EQ(refused.error().kind, ErrorKind::unauthenticated);
}

TEST_F(Pkcs11, EveryFormOfEcPointIsRead) {
  const auto expected = *store_->public_key("ledger");
  for (const auto form : {test::PointForm::raw, test::PointForm::bit_string}) {
    fault_->point_form = form;
    store_ = open();
    ASSERT_TRUE(store_);
    EXPECT_EQ(*store_->public_key("ledger"), expected);
    EXPECT_TRUE(store_->sign("device-ca", bytes_of("x")));
  }
  fault_->point_form = test::PointForm::truncated;
  EXPECT_EQ(open_key_store(config_, kKeys).error().code, "HF-KEY-0006");
}

TEST_F(Pkcs11, ManyThreadsSignAtOnceWhileASessionIsLost) {
  arm("C_SignInit", CKR_SESSION_HANDLE_INVALID);
  fault_->skip = 20;
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const auto message = std::to_string(t * 1000 + i);
        const auto signature = store_->sign(kKeys[std::size_t(i) % 2].label, bytes_of(message));
        if (!signature) ++failures;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_LE(fault_->times, 0) << "it was lost";
}

TEST_F(Pkcs11, AForkedChildCannotUseItsParentsLogin) {
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(code_of_signing() == "HF-P11-0014" ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(code_of_signing(), "ok");
}

TEST_F(Pkcs11, AKeyThatWantsThePinForEachUseGetsIt) {
  {
    auto module = *p11::Module::load(config_.module_path);
    auto session = *p11::Session::open(module, module->token(kSoftTokenLabel)->slot, true);
    p11::Template public_key, private_key;
    public_key.flag(CKA_TOKEN, true)
        .text(CKA_LABEL, "strict")
        .text(CKA_ID, "s")
        .bytes(CKA_EC_PARAMS, *from_hex("06032b6570"));
    private_key.flag(CKA_TOKEN, true)
        .text(CKA_LABEL, "strict")
        .text(CKA_ID, "s")
        .flag(CKA_SIGN, true)
        .flag(CKA_PRIVATE, true);
    private_key.flag(CKA_ALWAYS_AUTHENTICATE, true);
    ASSERT_TRUE(session.generate_pair(CKM_EC_EDWARDS_KEY_PAIR_GEN, std::move(public_key), std::move(private_key)));
  }
  for (int i = 0; i < 3; ++i) {
    const auto signature = store_->sign("strict", bytes_of("x"));
    EXPECT_TRUE(signature) << signature.error().detail;
  }
}

TEST_F(Pkcs11, ModulesAndTokensThatAreNotThereAreNamed) {
  EXPECT_EQ(p11::Module::load("/nonexistent.so").error().code, "HF-P11-0001");
  EXPECT_EQ(p11::Module::load("/usr/lib/x86_64-linux-gnu/libcrypto.so.3").error().code, "HF-P11-0001");
  auto other = config_;
  other.token_label = "other";
  EXPECT_EQ(open_key_store(other, kKeys).error().code, "HF-P11-0002");
}

}  // namespace
}  // namespace hf::crypto
