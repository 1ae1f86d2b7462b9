// A custodian over a real SoftHSM token. Faults come from tests/support/p11_fault_module.cpp, which lies between.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include "keys/formats/formats.h"
#include "keys/keys_test.h"
#include "keys/signer/custodian.h"
#include "support/p11_fault.h"
#include "support/temp_dir.h"

namespace hf::keys::test {

inline constexpr unsigned long kDeviceError = 0x30, kMechanismInvalid = 0x70;  // CKR_*, PKCS#11 2.40

inline const Format* find_any_format(std::string_view name) {
  return name == "text" ? find_text_format(name) : find_format(name);
}

class CustodianTest : public testing::Test {
 protected:
  void SetUp() override {
    if (crypto::find_soft_module().empty()) GTEST_SKIP() << "SoftHSM is not installed";
    void* const library = ::dlopen(HF_P11_FAULT, RTLD_NOW | RTLD_LOCAL);
    ASSERT_TRUE(library) << ::dlerror();
    fault_ = reinterpret_cast<hf::test::P11Fault* (*)()>(::dlsym(library, "hf_p11_fault"))();
    fault_->reset();
    auto config = crypto::set_up_soft_token(dir_.path(), {}, HF_P11_FAULT);
    ASSERT_TRUE(config) << config.error().message << config.error().detail;
    config_ = *config;
    custodian_ = open();
    ASSERT_TRUE(custodian_);
    const auto key = custodian_->generate(crypto::KeyAlgorithm::ecdsa_p256, "px-fw-1");
    ASSERT_TRUE(key) << key.error().message << key.error().detail;
    charter_.versions[0].id = key->pin.id;
    charter_.versions[0].fingerprint = key->pin.fingerprint;
    public_key_ = key->public_key;
    const auto founded = custodian_->found(charter_);
    ASSERT_TRUE(founded) << founded.error().message;
  }
  void TearDown() override {
    if (fault_) fault_->reset();
  }

  [[nodiscard]] std::unique_ptr<Custodian> open() {
    auto token = crypto::open_token(config_);
    EXPECT_TRUE(token) << token.error().message;
    if (!token) return nullptr;
    auto custodian = Custodian::open(*std::move(token), signer(), clock_, &find_any_format);
    EXPECT_TRUE(custodian) << custodian.error().message << custodian.error().detail;
    return custodian ? *std::move(custodian) : nullptr;
  }
  [[nodiscard]] std::filesystem::path signer() const { return dir_.path() / "token" / "signer"; }
  void reopen() {
    custodian_.reset();
    custodian_ = open();
  }
  [[nodiscard]] SignOrder order(std::int64_t uses = 1) const {
    auto request = request_for(charter_, kEvidence);
    request.uses = uses;
    return {.request = request,
            .approvals = {approval_by(cast_.ann, request), approval_by(cast_.bob, request)},
            .evidence = kEvidence};
  }
  [[nodiscard]] std::string signing(const SignOrder& order) {
    const auto signature = custodian_->sign(order);
    if (!signature)
      return signature.error().code == "HF-SIGNER-0006" ? signature.error().detail
                                                        : std::string(signature.error().code);
    return crypto::Verifier(public_key_).verify(order.request.scheme, order.evidence, signature->signature) ? "ok"
                                                                                                            : "bad";
  }
  void arm(std::string_view function, unsigned long value) {
    fault_->function = function, fault_->value = value, fault_->times = 1, fault_->skip = 0;
  }

  const Bytes kEvidence = evidence_of(R"({"version":"1.2"})");
  hf::test::TempDir dir_;
  hf::test::P11Fault* fault_ = nullptr;
  crypto::TokenConfig config_;
  ManualClock clock_{kNow};
  Cast cast_;
  Charter charter_ = cast_.charter();
  crypto::PublicKey public_key_;
  std::unique_ptr<Custodian> custodian_;
};

}  // namespace hf::keys::test
