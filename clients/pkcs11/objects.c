#include "objects.h"

#include <string.h>

enum { P384_OID = 7, DER_SHORT = 128 };

static int take(const struct field* field, uint8_t* into, size_t room, CK_ULONG* size) {
  if (field->size > room) return -1;
  memcpy(into, field->bytes, field->size);
  *size = field->size;
  return 0;
}

static int read_key(const struct field* fields, struct key* key) {
  memset(key, 0, sizeof *key);
  if (fields[0].size == 0 || fields[0].size >= sizeof key->name || fields[2].size != sizeof key->id) return -1;
  memcpy(key->name, fields[0].bytes, fields[0].size);
  memcpy(key->id, fields[2].bytes, sizeof key->id);
  if (take(&fields[3], key->first, sizeof key->first, &key->first_size) != 0) return -1;
  if (fields[1].size == 3 && memcmp(fields[1].bytes, "rsa", 3) == 0) {
    key->type = CKK_RSA;
    key->signature_size = key->first_size;
    return take(&fields[4], key->second, sizeof key->second, &key->second_size);
  }
  key->type = CKK_EC;
  key->signature_size = key->first_size == P384_OID ? 96 : 64;
  /* CKA_EC_POINT is the point as an OCTET STRING (PKCS #11 2.40, 2.3.3); both curves' points have a short length. */
  if (fields[4].size >= DER_SHORT) return -1;
  key->second[0] = 0x04;
  key->second[1] = (uint8_t)fields[4].size;
  if (take(&fields[4], key->second + 2, sizeof key->second - 2, &key->second_size) != 0) return -1;
  key->second_size += 2;
  return 0;
}

CK_ULONG keys_of(const struct answer* answer, struct key* keys) {
  CK_ULONG count = 0;
  for (size_t at = 0; at + KEY_FIELDS <= answer->count && count < KEYS_MAX; at += KEY_FIELDS)
    if (read_key(answer->fields + at, &keys[count]) == 0) ++count;
  return count;
}

static CK_RV give(CK_ATTRIBUTE* attribute, const void* value, CK_ULONG size) {
  if (attribute->pValue) {
    if (attribute->ulValueLen < size) {
      attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
      return CKR_BUFFER_TOO_SMALL;
    }
    memcpy(attribute->pValue, value, size);
  }
  attribute->ulValueLen = size;
  return CKR_OK;
}

static CK_RV give_flag(CK_ATTRIBUTE* attribute, int value) {
  const CK_BBOOL flag = value ? CK_TRUE : CK_FALSE;
  return give(attribute, &flag, sizeof flag);
}

static CK_RV give_number(CK_ATTRIBUTE* attribute, CK_ULONG value) { return give(attribute, &value, sizeof value); }

CK_RV attribute_of(const struct key* key, int is_private, CK_ATTRIBUTE* attribute) {
  switch (attribute->type) {
    case CKA_CLASS: return give_number(attribute, is_private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY);
    case CKA_KEY_TYPE: return give_number(attribute, key->type);
    case CKA_LABEL: return give(attribute, key->name, strlen(key->name));
    case CKA_ID: return give(attribute, key->id, sizeof key->id);
    case CKA_TOKEN: return give_flag(attribute, 1);
    case CKA_PRIVATE:
      return give_flag(attribute, is_private); /* OpenSSL's engine logs in only for what it cannot see */
    case CKA_SIGN: return give_flag(attribute, is_private);
    case CKA_VERIFY: return give_flag(attribute, !is_private);
    case CKA_SENSITIVE:
    case CKA_ALWAYS_SENSITIVE:
    case CKA_NEVER_EXTRACTABLE: return give_flag(attribute, is_private);
    case CKA_LOCAL: return give_flag(attribute, 1);
    case CKA_MODIFIABLE:
    case CKA_EXTRACTABLE:
    case CKA_ALWAYS_AUTHENTICATE:
    case CKA_DECRYPT:
    case CKA_ENCRYPT:
    case CKA_WRAP:
    case CKA_UNWRAP:
    case CKA_DERIVE:
    case CKA_SIGN_RECOVER:
    case CKA_VERIFY_RECOVER: return give_flag(attribute, 0);
    case CKA_EC_PARAMS:
      if (key->type == CKK_EC) return give(attribute, key->first, key->first_size);
      break;
    case CKA_EC_POINT:
      if (key->type == CKK_EC) return give(attribute, key->second, key->second_size);
      break;
    case CKA_MODULUS:
      if (key->type == CKK_RSA) return give(attribute, key->first, key->first_size);
      break;
    case CKA_PUBLIC_EXPONENT:
      if (key->type == CKK_RSA) return give(attribute, key->second, key->second_size);
      break;
    case CKA_MODULUS_BITS:
      if (key->type == CKK_RSA) return give_number(attribute, key->first_size * 8);
      break;
    case CKA_VALUE:
      if (is_private) {
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return CKR_ATTRIBUTE_SENSITIVE;
      }
      break;
    default: break;
  }
  attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
  return CKR_ATTRIBUTE_TYPE_INVALID;
}

int matches(const struct key* key, int is_private, const CK_ATTRIBUTE* wanted, CK_ULONG count) {
  for (CK_ULONG i = 0; i < count; ++i) {
    uint8_t value[sizeof key->first];
    CK_ATTRIBUTE has = {wanted[i].type, value, sizeof value};
    if (attribute_of(key, is_private, &has) != CKR_OK || has.ulValueLen != wanted[i].ulValueLen ||
        memcmp(value, wanted[i].pValue, has.ulValueLen) != 0)
      return 0;
  }
  return 1;
}
