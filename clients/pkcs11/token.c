/* What there is: one slot, one token, the mechanisms that sign. */
#include "module.h"

static const CK_MECHANISM_TYPE mechanisms[] = {
    CKM_RSA_PKCS, CKM_SHA256_RSA_PKCS, CKM_RSA_PKCS_PSS, CKM_SHA256_RSA_PKCS_PSS,
    CKM_ECDSA,    CKM_ECDSA_SHA256,    CKM_ECDSA_SHA384};
enum { MECHANISMS = sizeof mechanisms / sizeof *mechanisms };

static void pad(CK_UTF8CHAR* out, size_t size, const char* text) {
  const size_t length = strlen(text) < size ? strlen(text) : size;
  memset(out, ' ', size);
  memcpy(out, text, length);
}

int signs_with(CK_MECHANISM_TYPE mechanism) {
  for (int i = 0; i < MECHANISMS; ++i)
    if (mechanisms[i] == mechanism) return 1;
  return 0;
}

CK_RV C_GetInfo(CK_INFO* info) {
  if (!info) return CKR_ARGUMENTS_BAD;
  ENTER;
  memset(info, 0, sizeof *info);
  info->cryptokiVersion.major = 2;
  info->cryptokiVersion.minor = 40;
  pad(info->manufacturerID, sizeof info->manufacturerID, "Holdfast");
  pad(info->libraryDescription, sizeof info->libraryDescription, "Keys under charters");
  info->libraryVersion.minor = 1;
  LEAVE(CKR_OK);
}

CK_RV C_GetSlotList(CK_BBOOL present, CK_SLOT_ID* list, CK_ULONG* count) {
  if (!count) return CKR_ARGUMENTS_BAD;
  ENTER;
  const CK_ULONG there = present && load_keys() != CKR_OK ? 0 : 1;
  if (list && *count < there) {
    *count = there;
    LEAVE(CKR_BUFFER_TOO_SMALL);
  }
  if (list && there) list[0] = 0;
  *count = there;
  LEAVE(CKR_OK);
}

CK_RV C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO* info) {
  if (!info) return CKR_ARGUMENTS_BAD;
  ENTER;
  if (slot != 0) LEAVE(CKR_SLOT_ID_INVALID);
  memset(info, 0, sizeof *info);
  pad(info->slotDescription, sizeof info->slotDescription, "Holdfast agent");
  pad(info->manufacturerID, sizeof info->manufacturerID, "Holdfast");
  info->flags = CKF_REMOVABLE_DEVICE | (load_keys() == CKR_OK ? CKF_TOKEN_PRESENT : 0);
  LEAVE(CKR_OK);
}

CK_RV C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  if (!info) return CKR_ARGUMENTS_BAD;
  ENTER;
  if (slot != 0) LEAVE(CKR_SLOT_ID_INVALID);
  if (load_keys() != CKR_OK) LEAVE(CKR_TOKEN_NOT_PRESENT);
  memset(info, 0, sizeof *info);
  pad(info->label, sizeof info->label, "Holdfast");
  pad(info->manufacturerID, sizeof info->manufacturerID, "Holdfast");
  pad(info->model, sizeof info->model, "agent");
  pad(info->serialNumber, sizeof info->serialNumber, "1");
  pad(info->utcTime, sizeof info->utcTime, "");
  info->flags = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_LOGIN_REQUIRED;
  info->ulMaxSessionCount = SESSIONS_MAX;
  info->ulSessionCount = CK_UNAVAILABLE_INFORMATION;
  info->ulMaxRwSessionCount = info->ulRwSessionCount = CK_UNAVAILABLE_INFORMATION;
  info->ulMaxPinLen = PIN_MAX_SIZE;
  info->ulMinPinLen = 1;
  info->ulTotalPublicMemory = info->ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
  info->ulTotalPrivateMemory = info->ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
  LEAVE(CKR_OK);
}

CK_RV C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE* list, CK_ULONG* count) {
  if (!count) return CKR_ARGUMENTS_BAD;
  ENTER;
  if (slot != 0) LEAVE(CKR_SLOT_ID_INVALID);
  const CK_ULONG room = *count;
  *count = MECHANISMS;
  if (!list) LEAVE(CKR_OK);
  if (room < MECHANISMS) LEAVE(CKR_BUFFER_TOO_SMALL);
  memcpy(list, mechanisms, sizeof mechanisms);
  LEAVE(CKR_OK);
}

CK_RV C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO* info) {
  if (!info) return CKR_ARGUMENTS_BAD;
  ENTER;
  if (slot != 0) LEAVE(CKR_SLOT_ID_INVALID);
  for (int i = 0; i < MECHANISMS; ++i)
    if (mechanisms[i] == type) {
      const int ec = type == CKM_ECDSA || type == CKM_ECDSA_SHA256 || type == CKM_ECDSA_SHA384;
      info->ulMinKeySize = ec ? 256 : 2048;
      info->ulMaxKeySize = ec ? 384 : 4096;
      info->flags = CKF_HW | CKF_SIGN | (ec ? CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS : 0);
      LEAVE(CKR_OK);
    }
  LEAVE(CKR_MECHANISM_INVALID);
}
