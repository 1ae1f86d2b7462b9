// A loaded PKCS#11 module. Internal to this folder: includes pkcs11.h.
//
// Rules that SoftHSM and vendor modules taught:
// - dlopen directly, not through an OpenSSL engine, whose exit handlers crash with OpenSSL 3.
// - C_Finalize before exit() runs static destructors: keep no Module in a static, and stop signing first.
// - Never dlclose: modules leave exit handlers and thread-local destructors behind.
// - A forked child must not use the parent's module: the calls of a child fail with HF-P11-0014.
// - Creating and finding objects at once confuses SoftHSM 2.6: hold admin() for either.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

#include "crypto/p11/failure.h"

namespace hf::crypto::p11 {

struct Token {
  CK_SLOT_ID slot{};
  std::string label, manufacturer, model, serial;
  bool initialized = false;
  bool user_pin_set = false;
};

class Module {
 public:
  // Loads and initializes, or shares the module of this path that the process has already. HF-P11-0001.
  static Result<std::shared_ptr<Module>> load(const std::string& path);
  // Whether some owner in this process keeps the module alive, so that it will not read its configuration again.
  static bool loaded(const std::string& path);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  [[nodiscard]] Result<std::vector<Token>> tokens() const;
  // The one initialized token of this label. HF-P11-0002 if there is none, or more than one.
  [[nodiscard]] Result<Token> token(std::string_view label) const;

  // Makes a call: module.call("C_Sign", functions().C_Sign, ...).
  template <class... P>
  [[nodiscard]] Result<void> call(std::string_view name, CK_RV (*function)(P...),
                                  std::type_identity_t<P>... args) const {
    if (forked()) return fail(error_of(name, CKR_CRYPTOKI_NOT_INITIALIZED));
    if (!function) return fail(error_of(name, CKR_FUNCTION_NOT_SUPPORTED));
    if (const auto value = function(args...); value != CKR_OK) return fail(error_of(name, value));
    return {};
  }
  [[nodiscard]] const CK_FUNCTION_LIST& functions() const { return *functions_; }
  [[nodiscard]] std::mutex& admin() const { return admin_; }
  [[nodiscard]] bool forked() const;

 private:
  Module(CK_FUNCTION_LIST* functions, bool finalize);

  CK_FUNCTION_LIST* functions_;
  bool finalize_;  // false if someone else in the process initialized it
  long process_;
  mutable std::mutex admin_;
};

}  // namespace hf::crypto::p11

// HF_P11_CALL(module, C_Sign, session, ...): Result<void> of one call.
#define HF_P11_CALL(module, function, ...) (module).call(#function, (module).functions().function, __VA_ARGS__)
