/* Signing: the agent hashes where the mechanism does, and signs or says why not. */
#include <stdio.h>

#include "module.h"

static void end_signing(struct session* session) {
  session->signing = session->hashing = 0;
  session->plain_size = session->parameter_size = 0;
}

static CK_RV value_of(const struct answer* answer) {
  /* What a tool shows of a refusal is a number; why is what its user needs. */
  if (answer->status != STATUS_OK && answer->count > 0)
    fprintf(stderr, "holdfast: %.*s\n", (int)answer->fields[0].size, (const char*)answer->fields[0].bytes);
  switch (answer->status) {
    case STATUS_OK: return CKR_OK;
    case STATUS_REFUSED: return CKR_FUNCTION_REJECTED;
    case STATUS_NOT_FOUND: return CKR_KEY_HANDLE_INVALID;
    case STATUS_UNSUPPORTED: return CKR_DATA_INVALID;
    default: return CKR_DEVICE_ERROR;
  }
}

static CK_RV ask(struct session* session, uint8_t op, const struct field* fields, size_t count, struct answer* answer) {
  if (session->socket < 0) session->socket = agent_connect(agent_path);
  if (session->socket < 0) return CKR_DEVICE_REMOVED;
  if (agent_ask(session->socket, op, fields, count, answer) == 0) {
    const CK_RV value = value_of(answer);
    if (value != CKR_OK) answer_free(answer);
    return value;
  }
  close(session->socket);
  session->socket = -1;
  return CKR_DEVICE_ERROR;
}

static int hashes(CK_MECHANISM_TYPE mechanism) {
  return mechanism == CKM_SHA256_RSA_PKCS || mechanism == CKM_SHA256_RSA_PKCS_PSS || mechanism == CKM_ECDSA_SHA256 ||
         mechanism == CKM_ECDSA_SHA384;
}

static void put_number(uint8_t* out, CK_ULONG number) {
  out[0] = (uint8_t)(number >> 24);
  out[1] = (uint8_t)(number >> 16);
  out[2] = (uint8_t)(number >> 8);
  out[3] = (uint8_t)number;
}

static CK_RV read_parameter(struct session* session, const CK_MECHANISM* mechanism) {
  session->parameter_size = 0;
  if (mechanism->mechanism != CKM_RSA_PKCS_PSS && mechanism->mechanism != CKM_SHA256_RSA_PKCS_PSS)
    return mechanism->ulParameterLen == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
  CK_RSA_PKCS_PSS_PARAMS pss;
  if (!mechanism->pParameter || mechanism->ulParameterLen != sizeof pss) return CKR_MECHANISM_PARAM_INVALID;
  memcpy(&pss, mechanism->pParameter, sizeof pss);
  put_number(session->parameter, pss.hashAlg);
  put_number(session->parameter + 4, pss.mgf);
  put_number(session->parameter + 8, pss.sLen);
  session->parameter_size = sizeof session->parameter;
  return CKR_OK;
}

static CK_RV begin_hash(struct session* session) {
  uint8_t number[4];
  struct answer answer;
  put_number(number, session->mechanism);
  const struct field field = {number, sizeof number};
  const CK_RV value = ask(session, OP_HASH, &field, 1, &answer);
  if (value == CKR_OK) answer_free(&answer);
  return value;
}

CK_RV C_SignInit(CK_SESSION_HANDLE handle, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE object) {
  if (!mechanism) return CKR_ARGUMENTS_BAD;
  ENTER;
  struct session* session = session_of(handle);
  if (!session) LEAVE(CKR_SESSION_HANDLE_INVALID);
  if (session->signing) LEAVE(CKR_OPERATION_ACTIVE);
  if (object == 0 || object > 2 * keys_count) LEAVE(CKR_KEY_HANDLE_INVALID);
  if ((object - 1) % 2 == 0) LEAVE(CKR_KEY_FUNCTION_NOT_PERMITTED);
  if (!logged_in) LEAVE(CKR_USER_NOT_LOGGED_IN);
  if (!signs_with(mechanism->mechanism)) LEAVE(CKR_MECHANISM_INVALID);
  const CK_RV read = read_parameter(session, mechanism);
  if (read != CKR_OK) LEAVE(read);
  session->key = (object - 1) / 2;
  session->mechanism = mechanism->mechanism;
  session->hashing = hashes(mechanism->mechanism);
  const CK_RV begun = session->hashing ? begin_hash(session) : CKR_OK;
  session->signing = begun == CKR_OK;
  LEAVE(begun);
}

static CK_RV update(struct session* session, const uint8_t* data, CK_ULONG size) {
  if (!session->hashing) {
    if (size > sizeof session->plain - session->plain_size) return CKR_DATA_LEN_RANGE;
    if (size > 0) memcpy(session->plain + session->plain_size, data, size);
    session->plain_size += size;
    return CKR_OK;
  }
  while (size > 0) {
    const CK_ULONG piece = size < PIECE ? size : PIECE;
    const struct field field = {data, piece};
    struct answer answer;
    const CK_RV value = ask(session, OP_UPDATE, &field, 1, &answer);
    if (value != CKR_OK) return value;
    answer_free(&answer);
    data += piece;
    size -= piece;
  }
  return CKR_OK;
}

static CK_RV finish(struct session* session, CK_BYTE* signature, CK_ULONG* size) {
  const struct key* key = &keys[session->key];
  uint8_t number[4];
  struct answer answer;
  put_number(number, session->mechanism);
  const struct field fields[] = {{(const uint8_t*)key->name, strlen(key->name)},
                                 {number, sizeof number},
                                 {session->parameter, session->parameter_size},
                                 {(const uint8_t*)pin, strlen(pin)},
                                 {session->plain, session->plain_size}};
  const CK_RV value = ask(session, OP_SIGN, fields, sizeof fields / sizeof *fields, &answer);
  if (value != CKR_OK) return value;
  const int fits = answer.count == 1 && answer.fields[0].size <= *size;
  if (fits) {
    memcpy(signature, answer.fields[0].bytes, answer.fields[0].size);
    *size = answer.fields[0].size;
  }
  answer_free(&answer);
  return fits ? CKR_OK : CKR_DEVICE_ERROR;
}

/* Whether the caller only asks for the size, or has no room: the operation then goes on (PKCS #11 2.40, 5.2). */
static int only_size(const struct session* session, const CK_BYTE* signature, CK_ULONG* size, CK_RV* value) {
  const CK_ULONG needed = keys[session->key].signature_size;
  if (signature && *size >= needed) return 0;
  *value = signature ? CKR_BUFFER_TOO_SMALL : CKR_OK;
  *size = needed;
  return 1;
}

CK_RV C_Sign(CK_SESSION_HANDLE handle, CK_BYTE* data, CK_ULONG data_size, CK_BYTE* signature, CK_ULONG* size) {
  if (!size || (data_size > 0 && !data)) return CKR_ARGUMENTS_BAD;
  ENTER;
  struct session* session = session_of(handle);
  if (!session) LEAVE(CKR_SESSION_HANDLE_INVALID);
  if (!session->signing) LEAVE(CKR_OPERATION_NOT_INITIALIZED);
  CK_RV value = CKR_OK;
  if (only_size(session, signature, size, &value)) LEAVE(value);
  value = update(session, data, data_size);
  if (value == CKR_OK) value = finish(session, signature, size);
  end_signing(session);
  LEAVE(value);
}

CK_RV C_SignUpdate(CK_SESSION_HANDLE handle, CK_BYTE* data, CK_ULONG size) {
  if (size > 0 && !data) return CKR_ARGUMENTS_BAD;
  ENTER;
  struct session* session = session_of(handle);
  if (!session) LEAVE(CKR_SESSION_HANDLE_INVALID);
  if (!session->signing) LEAVE(CKR_OPERATION_NOT_INITIALIZED);
  const CK_RV value = update(session, data, size);
  if (value != CKR_OK) end_signing(session);
  LEAVE(value);
}

CK_RV C_SignFinal(CK_SESSION_HANDLE handle, CK_BYTE* signature, CK_ULONG* size) {
  if (!size) return CKR_ARGUMENTS_BAD;
  ENTER;
  struct session* session = session_of(handle);
  if (!session) LEAVE(CKR_SESSION_HANDLE_INVALID);
  if (!session->signing) LEAVE(CKR_OPERATION_NOT_INITIALIZED);
  CK_RV value = CKR_OK;
  if (only_size(session, signature, size, &value)) LEAVE(value);
  value = finish(session, signature, size);
  end_signing(session);
  LEAVE(value);
}
