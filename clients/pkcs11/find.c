/* Finding keys and reading what they are. */
#include "module.h"

CK_RV C_FindObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE* wanted, CK_ULONG count) {
  if (count > 0 && !wanted) return CKR_ARGUMENTS_BAD;
  ENTER;
  struct session* session = session_of(handle);
  if (!session) LEAVE(CKR_SESSION_HANDLE_INVALID);
  if (session->finding) LEAVE(CKR_OPERATION_ACTIVE);
  session->finding = 1;
  session->found_count = session->found_at = 0;
  for (CK_ULONG i = 0; i < keys_count; ++i)
    for (int is_private = 0; is_private < 2; ++is_private)
      if ((logged_in || !is_private) && matches(&keys[i], is_private, wanted, count))
        session->found[session->found_count++] = 2 * i + 1 + (CK_ULONG)is_private;
  LEAVE(CKR_OK);
}

CK_RV C_FindObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE* objects, CK_ULONG room, CK_ULONG* count) {
  if (!objects || !count) return CKR_ARGUMENTS_BAD;
  ENTER;
  struct session* session = session_of(handle);
  if (!session) LEAVE(CKR_SESSION_HANDLE_INVALID);
  if (!session->finding) LEAVE(CKR_OPERATION_NOT_INITIALIZED);
  for (*count = 0; *count < room && session->found_at < session->found_count; ++*count)
    objects[*count] = session->found[session->found_at++];
  LEAVE(CKR_OK);
}

CK_RV C_FindObjectsFinal(CK_SESSION_HANDLE handle) {
  ENTER;
  struct session* session = session_of(handle);
  if (!session) LEAVE(CKR_SESSION_HANDLE_INVALID);
  if (!session->finding) LEAVE(CKR_OPERATION_NOT_INITIALIZED);
  session->finding = 0;
  LEAVE(CKR_OK);
}

CK_RV C_GetAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* attributes, CK_ULONG count) {
  if (count > 0 && !attributes) return CKR_ARGUMENTS_BAD;
  ENTER;
  if (!session_of(handle)) LEAVE(CKR_SESSION_HANDLE_INVALID);
  if (object == 0 || object > 2 * keys_count) LEAVE(CKR_OBJECT_HANDLE_INVALID);
  CK_RV value = CKR_OK;
  for (CK_ULONG i = 0; i < count; ++i) {
    const CK_RV one = attribute_of(&keys[(object - 1) / 2], (object - 1) % 2 == 1, &attributes[i]);
    if (one != CKR_OK) value = one;
  }
  LEAVE(value);
}
