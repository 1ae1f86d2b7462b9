#include "crypto/p11/session.h"

#include <array>

// SoftHSM 2.6 to 2.7 leaks the decoded curve name at every C_SignInit of an Ed25519 key, some 64 bytes (mended
// upstream, softhsm/SoftHSMv2 pull requests 858 and 863). Only that call is hidden from LeakSanitizer.
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define HF_LEAKS_INSIDE const __lsan::ScopedDisabler leaks_inside
#else
#define HF_LEAKS_INSIDE static_cast<void>(0)
#endif

namespace hf::crypto::p11 {
namespace {

constexpr CK_ULONG kAttributeMax = 64U << 10;
constexpr std::size_t kSignatureMax = 1024;  // RSA-8192

// PKCS#11 takes PINs and data through pointers to non-const that it does not write to, and of nothing not a null
// pointer.
CK_BYTE* in(ByteView bytes) {
  static constexpr CK_BYTE nothing = 0;
  return const_cast<CK_BYTE*>(bytes.empty() ? &nothing : bytes.data());
}

}  // namespace

Result<Session> Session::open(std::shared_ptr<Module> module, CK_SLOT_ID slot, bool writable) {
  CK_SESSION_HANDLE handle = 0;
  const CK_FLAGS flags = CKF_SERIAL_SESSION | (writable ? CKF_RW_SESSION : 0);
  HF_CHECK(HF_P11_CALL(*module, C_OpenSession, slot, flags, nullptr, nullptr, &handle));
  return Session(std::move(module), handle);
}

void Session::close() {
  if (module_) static_cast<void>(HF_P11_CALL(*module_, C_CloseSession, handle_));
  module_.reset();
}

Result<void> Session::login(CK_USER_TYPE user, const Secret& pin) {
  auto done = HF_P11_CALL(*module_, C_Login, handle_, user, in(pin.bytes()), pin.size());
  if (!done && done.error().detail == "C_Login: CKR_USER_ALREADY_LOGGED_IN") return {};
  return done;
}

Result<std::vector<CK_OBJECT_HANDLE>> Session::find(Template pattern) {
  HF_CHECK(HF_P11_CALL(*module_, C_FindObjectsInit, handle_, pattern.data(), pattern.size()));
  std::vector<CK_OBJECT_HANDLE> found;
  std::array<CK_OBJECT_HANDLE, 16> page{};
  Result<void> done;
  for (CK_ULONG count = page.size(); done && count > 0;) {
    done = HF_P11_CALL(*module_, C_FindObjects, handle_, page.data(), page.size(), &count);
    if (done) found.insert(found.end(), page.begin(), page.begin() + std::min<std::size_t>(count, page.size()));
  }
  const auto ended = HF_P11_CALL(*module_, C_FindObjectsFinal, handle_);
  if (!done) return fail(std::move(done).error());
  if (!ended) return fail(ended.error());
  return found;
}

Result<Bytes> Session::attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
  CK_ATTRIBUTE attribute{type, nullptr, 0};
  HF_CHECK(HF_P11_CALL(*module_, C_GetAttributeValue, handle_, object, &attribute, 1));
  // An attribute that is not there has length -1 (2.40 section 5.7).
  if (attribute.ulValueLen > kAttributeMax) return fail(error_of("C_GetAttributeValue", CKR_ATTRIBUTE_TYPE_INVALID));
  Bytes value(attribute.ulValueLen);
  if (value.empty()) return value;
  attribute.pValue = value.data();
  HF_CHECK(HF_P11_CALL(*module_, C_GetAttributeValue, handle_, object, &attribute, 1));
  if (attribute.ulValueLen > value.size()) return fail(error_of("C_GetAttributeValue", CKR_BUFFER_TOO_SMALL));
  value.resize(attribute.ulValueLen);
  return value;
}

Result<Session::Pair> Session::generate_pair(CK_MECHANISM_TYPE mechanism, Template public_key, Template private_key) {
  CK_MECHANISM how{mechanism, nullptr, 0};
  Pair pair;
  HF_CHECK(HF_P11_CALL(*module_, C_GenerateKeyPair, handle_, &how, public_key.data(), public_key.size(),
                       private_key.data(), private_key.size(), &pair.public_key, &pair.private_key));
  return pair;
}

Result<void> Session::destroy(CK_OBJECT_HANDLE object) {
  return HF_P11_CALL(*module_, C_DestroyObject, handle_, object);
}

Result<Bytes> Session::sign(CK_OBJECT_HANDLE key, CK_MECHANISM mechanism, ByteView data, const Secret* again) {
  {
    HF_LEAKS_INSIDE;
    HF_CHECK(HF_P11_CALL(*module_, C_SignInit, handle_, &mechanism, key));
  }
  if (again) HF_CHECK(login(CKU_CONTEXT_SPECIFIC, *again));
  Bytes signature(kSignatureMax);
  CK_ULONG size = signature.size();
  HF_CHECK(HF_P11_CALL(*module_, C_Sign, handle_, in(data), data.size(), signature.data(), &size));
  signature.resize(std::min<std::size_t>(size, signature.size()));
  return signature;
}

}  // namespace hf::crypto::p11
