// A PKCS#11 module that passes every call on to SoftHSM, and fails, lies or dies when a test says so.
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <unistd.h>
#include <csignal>
#include <cstring>
#include <string>

#include "support/p11_fault.h"

namespace {

hf::test::P11Fault fault;
CK_FUNCTION_LIST* real = nullptr;
CK_FUNCTION_LIST list{};

template <class Call>
CK_RV through(const char* name, Call call) {
  const auto reads = std::string_view(name).starts_with("C_Get") || std::string_view(name).starts_with("C_Find");
  const auto number = reads ? 0 : ++fault.calls;  // dying between two reads shows nothing new
  if (number == fault.die_before) ::kill(::getpid(), SIGKILL);
  if (fault.function == name && fault.times > 0 && --fault.skip < 0 && --fault.times >= 0) return fault.value;
  const auto value = call();
  if (number == fault.die_after) ::kill(::getpid(), SIGKILL);
  return value;
}

template <auto Member, int Number>
struct Wrap;
template <class... A, CK_RV (*CK_FUNCTION_LIST::*Member)(A...), int Number>
struct Wrap<Member, Number> {
  static inline const char* name = nullptr;
  static CK_RV call(A... a) {
    return through(name, [&] { return (real->*Member)(a...); });
  }
};
#define HF_WRAP(function)                                                 \
  using Wrap_##function = Wrap<&CK_FUNCTION_LIST::function, __COUNTER__>; \
  Wrap_##function::name = #function;                                      \
  list.function = Wrap_##function::call

CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* signature, CK_ULONG* size) {
  return through("C_Sign", [&] {
    const auto value = real->C_Sign(session, data, data_size, signature, size);
    if (value == CKR_OK && signature && fault.corrupt_signatures) signature[*size / 2] ^= 1;
    return value;
  });
}

// CKA_EC_POINT in another of the forms that tokens use; SoftHSM gives an OCTET STRING.
CK_RV get_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* attribute, CK_ULONG count) {
  return through("C_GetAttributeValue", [&] {
    if (fault.point_form == hf::test::PointForm::octet_string || count != 1 || attribute->type != CKA_EC_POINT)
      return real->C_GetAttributeValue(session, object, attribute, count);
    std::string value(256, '\0');
    CK_ATTRIBUTE inner{CKA_EC_POINT, value.data(), value.size()};
    if (const auto failed = real->C_GetAttributeValue(session, object, &inner, 1); failed != CKR_OK) return failed;
    value = value.substr(2, inner.ulValueLen - 2);
    if (fault.point_form == hf::test::PointForm::bit_string) value = std::string{3, char(value.size() + 1), 0} + value;
    if (fault.point_form == hf::test::PointForm::truncated) value.pop_back();
    if (attribute->pValue) {
      if (attribute->ulValueLen < value.size()) return CK_RV{CKR_BUFFER_TOO_SMALL};
      std::memcpy(attribute->pValue, value.data(), value.size());
    }
    attribute->ulValueLen = value.size();
    return CK_RV{CKR_OK};
  });
}

}  // namespace

extern "C" __attribute__((visibility("default"))) hf::test::P11Fault* hf_p11_fault() { return &fault; }

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** out) {
  if (!real) {
    void* const library = ::dlopen(HF_SOFTHSM, RTLD_NOW | RTLD_LOCAL);
    const auto get = library ? reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList")) : nullptr;
    if (!get || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
    list = *real;
    HF_WRAP(C_Initialize);
    HF_WRAP(C_Finalize);
    HF_WRAP(C_GetSlotList);
    HF_WRAP(C_GetTokenInfo);
    HF_WRAP(C_InitToken);
    HF_WRAP(C_InitPIN);
    HF_WRAP(C_OpenSession);
    HF_WRAP(C_CloseSession);
    HF_WRAP(C_Login);
    HF_WRAP(C_FindObjectsInit);
    HF_WRAP(C_FindObjects);
    HF_WRAP(C_FindObjectsFinal);
    HF_WRAP(C_GenerateKeyPair);
    HF_WRAP(C_DestroyObject);
    HF_WRAP(C_SignInit);
    list.C_Sign = sign;
    list.C_GetAttributeValue = get_attribute;
  }
  *out = &list;
  return CKR_OK;
}
