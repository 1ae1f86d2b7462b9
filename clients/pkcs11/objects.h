/* The agent's keys as PKCS #11 objects: key number i is the public object 2 i + 1 and the private object 2 i + 2. */
#pragma once

#include <p11-kit/pkcs11.h>

#include "agent_wire.h"

struct key {
  char name[72];
  CK_KEY_TYPE type;
  uint8_t id[32];
  uint8_t first[512], second[512]; /* EC: curve, point as a DER OCTET STRING. RSA: modulus, exponent */
  CK_ULONG first_size, second_size;
  CK_ULONG signature_size; /* bytes */
};

enum { KEYS_MAX = 256, KEY_FIELDS = 5 };

/* From the answer to OP_KEYS, skipping what does not fit; how many. */
CK_ULONG keys_of(const struct answer* answer, struct key* keys);
/* As C_GetAttributeValue does for one attribute. */
CK_RV attribute_of(const struct key* key, int is_private, CK_ATTRIBUTE* attribute);
int matches(const struct key* key, int is_private, const CK_ATTRIBUTE* wanted, CK_ULONG count);
