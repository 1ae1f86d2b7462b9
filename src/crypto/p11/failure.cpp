#include "crypto/p11/failure.h"

#include <fmt/format.h>
#include <algorithm>

namespace hf::crypto::p11 {
namespace {

struct Known {
  CK_RV value;
  std::string_view name;
  Failure failure;
};

#define HF_CKR(name, failure) \
  Known { name, #name, Failure::failure }
// Values of PKCS#11 2.40 section 3.7 that the calls we make can give.
constexpr Known kKnown[] = {
    HF_CKR(CKR_SESSION_CLOSED, session),
    HF_CKR(CKR_SESSION_HANDLE_INVALID, session),
    HF_CKR(CKR_SESSION_COUNT, session),
    HF_CKR(CKR_OPERATION_ACTIVE, session),
    HF_CKR(CKR_OPERATION_NOT_INITIALIZED, session),
    HF_CKR(CKR_USER_NOT_LOGGED_IN, login),
    HF_CKR(CKR_OBJECT_HANDLE_INVALID, object),
    HF_CKR(CKR_KEY_HANDLE_INVALID, object),
    HF_CKR(CKR_GENERAL_ERROR, token),
    HF_CKR(CKR_FUNCTION_FAILED, token),
    HF_CKR(CKR_FUNCTION_CANCELED, token),
    HF_CKR(CKR_HOST_MEMORY, token),
    HF_CKR(CKR_DEVICE_ERROR, token),
    HF_CKR(CKR_DEVICE_MEMORY, token),
    HF_CKR(CKR_DEVICE_REMOVED, token),
    HF_CKR(CKR_SLOT_ID_INVALID, token),
    HF_CKR(CKR_TOKEN_NOT_PRESENT, token),
    HF_CKR(CKR_TOKEN_NOT_RECOGNIZED, token),
    HF_CKR(CKR_CRYPTOKI_NOT_INITIALIZED, library),
    HF_CKR(CKR_CRYPTOKI_ALREADY_INITIALIZED, library),
    HF_CKR(CKR_CANT_LOCK, library),
    HF_CKR(CKR_MUTEX_BAD, library),
    HF_CKR(CKR_MUTEX_NOT_LOCKED, library),
    HF_CKR(CKR_LIBRARY_LOAD_FAILED, library),
    HF_CKR(CKR_FIPS_SELF_TEST_FAILED, library),
    HF_CKR(CKR_PIN_INCORRECT, pin),
    HF_CKR(CKR_PIN_INVALID, pin),
    HF_CKR(CKR_PIN_LEN_RANGE, pin),
    HF_CKR(CKR_PIN_EXPIRED, pin),
    HF_CKR(CKR_PIN_LOCKED, pin),
    HF_CKR(CKR_PIN_TOO_WEAK, pin),
    HF_CKR(CKR_USER_PIN_NOT_INITIALIZED, pin),
    HF_CKR(CKR_ARGUMENTS_BAD, refused),
    HF_CKR(CKR_ATTRIBUTE_READ_ONLY, refused),
    HF_CKR(CKR_ATTRIBUTE_SENSITIVE, refused),
    HF_CKR(CKR_ATTRIBUTE_TYPE_INVALID, refused),
    HF_CKR(CKR_ATTRIBUTE_VALUE_INVALID, refused),
    HF_CKR(CKR_ACTION_PROHIBITED, refused),
    HF_CKR(CKR_BUFFER_TOO_SMALL, refused),
    HF_CKR(CKR_CURVE_NOT_SUPPORTED, refused),
    HF_CKR(CKR_DATA_INVALID, refused),
    HF_CKR(CKR_DATA_LEN_RANGE, refused),
    HF_CKR(CKR_DOMAIN_PARAMS_INVALID, refused),
    HF_CKR(CKR_FUNCTION_NOT_SUPPORTED, refused),
    HF_CKR(CKR_FUNCTION_REJECTED, refused),
    HF_CKR(CKR_KEY_FUNCTION_NOT_PERMITTED, refused),
    HF_CKR(CKR_KEY_SIZE_RANGE, refused),
    HF_CKR(CKR_KEY_TYPE_INCONSISTENT, refused),
    HF_CKR(CKR_KEY_UNEXTRACTABLE, refused),
    HF_CKR(CKR_MECHANISM_INVALID, refused),
    HF_CKR(CKR_MECHANISM_PARAM_INVALID, refused),
    HF_CKR(CKR_SESSION_EXISTS, refused),
    HF_CKR(CKR_SESSION_READ_ONLY, refused),
    HF_CKR(CKR_SESSION_READ_ONLY_EXISTS, refused),
    HF_CKR(CKR_SESSION_READ_WRITE_SO_EXISTS, refused),
    HF_CKR(CKR_TEMPLATE_INCOMPLETE, refused),
    HF_CKR(CKR_TEMPLATE_INCONSISTENT, refused),
    HF_CKR(CKR_TOKEN_WRITE_PROTECTED, refused),
    HF_CKR(CKR_USER_ALREADY_LOGGED_IN, refused),
    HF_CKR(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, refused),
    HF_CKR(CKR_USER_TOO_MANY_TYPES, refused),
    HF_CKR(CKR_USER_TYPE_INVALID, refused),
};
#undef HF_CKR

const Known* find(CK_RV value) {
  const auto* known = std::ranges::find(kKnown, value, &Known::value);
  return known == std::end(kKnown) ? nullptr : known;
}

struct Text {
  ErrorKind kind;
  std::string_view code, message;
};

Text text_of(Failure failure) {
  using enum Failure;
  switch (failure) {
    case session: return {ErrorKind::unavailable, "HF-P11-0010", "the session with the key token was lost; try again"};
    case login: return {ErrorKind::unavailable, "HF-P11-0011", "the key token has logged us out; try again"};
    case object: return {ErrorKind::unavailable, "HF-P11-0012", "the key token has changed its objects; try again"};
    case token: return {ErrorKind::unavailable, "HF-P11-0013", "the key token does not answer; check that it is there"};
    case library:
      return {ErrorKind::unavailable, "HF-P11-0014", "the PKCS#11 module must be started anew: restart this process"};
    case pin:
      return {ErrorKind::unauthenticated, "HF-P11-0015",
              "the key token refuses the PIN; correct the PIN file, then restart"};
    case refused: break;
  }
  return {ErrorKind::internal, "HF-P11-0016", "the key token refuses this operation; see the log for its reason"};
}

}  // namespace

Failure failure_of(CK_RV value) {
  const auto* known = find(value);
  return known ? known->failure : Failure::token;
}

std::string name_of(CK_RV value) {
  const auto* known = find(value);
  return known ? std::string(known->name) : fmt::format("CKR_{:#x}", value);
}

Error error_of(std::string_view function, CK_RV value) {
  const auto text = text_of(failure_of(value));
  return {text.kind, text.code, std::string(text.message), fmt::format("{}: {}", function, name_of(value))};
}

bool is(const Error& error, Failure failure) { return error.code == text_of(failure).code; }

}  // namespace hf::crypto::p11
