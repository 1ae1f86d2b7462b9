// Return values of PKCS#11 2.40 as errors. Internal to this folder: includes pkcs11.h.
#pragma once

#include <p11-kit/pkcs11.h>
#include <string>
#include <string_view>

#include "base/error.h"

namespace hf::crypto::p11 {

// What can be done about a failed call.
enum class Failure {
  session,  // HF-P11-0010  open a new session
  login,    // HF-P11-0011  log in again, once
  object,   // HF-P11-0012  find the key again by CKA_ID and check its fingerprint
  token,    // HF-P11-0013  the device is gone or ill: wait, or fail over
  library,  // HF-P11-0014  only a new process helps
  pin,      // HF-P11-0015  never again with this PIN: a hardware token locks after a few
  refused,  // HF-P11-0016  the token's policy or our request; the same call fails for ever
};

[[nodiscard]] Failure failure_of(CK_RV value);   // unknown and vendor values: token
[[nodiscard]] std::string name_of(CK_RV value);  // "CKR_PIN_LOCKED", or "CKR_0x80000001"
// With the code of the failure above and "<function>: <name>" as detail.
[[nodiscard]] Error error_of(std::string_view function, CK_RV value);
[[nodiscard]] bool is(const Error& error, Failure failure);

}  // namespace hf::crypto::p11
