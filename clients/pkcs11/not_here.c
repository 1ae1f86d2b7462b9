/* What a token of ours does not do: it makes no keys, keeps no objects, encrypts nothing and verifies nothing. And the
 * list of all functions. */
#define CRYPTOKI_EXPORTS 1
#include <p11-kit/pkcs11.h>

#pragma GCC diagnostic ignored "-Wunused-parameter"
#define NOT_HERE(name, parameters) \
  CK_RV name parameters { return CKR_FUNCTION_NOT_SUPPORTED; }

NOT_HERE(C_WaitForSlotEvent, (CK_FLAGS flags, CK_SLOT_ID* slot, void* reserved))
NOT_HERE(C_InitToken, (CK_SLOT_ID slot_id, CK_BYTE* pin, CK_ULONG pin_len, CK_BYTE* label))
NOT_HERE(C_InitPIN, (CK_SESSION_HANDLE session, CK_BYTE* pin, CK_ULONG pin_len))
NOT_HERE(C_SetPIN, (CK_SESSION_HANDLE session, CK_BYTE* old_pin, CK_ULONG old_len, CK_BYTE* new_pin, CK_ULONG new_len))
NOT_HERE(C_GetOperationState, (CK_SESSION_HANDLE session, CK_BYTE* operation_state, CK_ULONG* operation_state_len))
NOT_HERE(C_SetOperationState, (CK_SESSION_HANDLE session, CK_BYTE* operation_state, CK_ULONG operation_state_len,
                               CK_OBJECT_HANDLE encryption_key, CK_OBJECT_HANDLE authentiation_key))
NOT_HERE(C_CreateObject, (CK_SESSION_HANDLE session, CK_ATTRIBUTE* templ, CK_ULONG count, CK_OBJECT_HANDLE* object))
NOT_HERE(C_CopyObject, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* templ, CK_ULONG count,
                        CK_OBJECT_HANDLE* new_object))
NOT_HERE(C_DestroyObject, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object))
NOT_HERE(C_GetObjectSize, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ULONG* size))
NOT_HERE(C_SetAttributeValue, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* templ, CK_ULONG count))
NOT_HERE(C_EncryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key))
NOT_HERE(C_Encrypt, (CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_len, CK_BYTE* encrypted_data,
                     CK_ULONG* encrypted_data_len))
NOT_HERE(C_EncryptUpdate, (CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len, CK_BYTE* encrypted_part,
                           CK_ULONG* encrypted_part_len))
NOT_HERE(C_EncryptFinal, (CK_SESSION_HANDLE session, CK_BYTE* last_encrypted_part, CK_ULONG* last_encrypted_part_len))
NOT_HERE(C_DecryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key))
NOT_HERE(C_Decrypt, (CK_SESSION_HANDLE session, CK_BYTE* encrypted_data, CK_ULONG encrypted_data_len, CK_BYTE* data,
                     CK_ULONG* data_len))
NOT_HERE(C_DecryptUpdate, (CK_SESSION_HANDLE session, CK_BYTE* encrypted_part, CK_ULONG encrypted_part_len,
                           CK_BYTE* part, CK_ULONG* part_len))
NOT_HERE(C_DecryptFinal, (CK_SESSION_HANDLE session, CK_BYTE* last_part, CK_ULONG* last_part_len))
NOT_HERE(C_DigestInit, (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism))
NOT_HERE(C_Digest, (CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_len, CK_BYTE* digest, CK_ULONG* digest_len))
NOT_HERE(C_DigestUpdate, (CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len))
NOT_HERE(C_DigestKey, (CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key))
NOT_HERE(C_DigestFinal, (CK_SESSION_HANDLE session, CK_BYTE* digest, CK_ULONG* digest_len))
NOT_HERE(C_SignRecoverInit, (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key))
NOT_HERE(C_SignRecover,
         (CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_len, CK_BYTE* signature, CK_ULONG* signature_len))
NOT_HERE(C_VerifyInit, (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key))
NOT_HERE(C_Verify,
         (CK_SESSION_HANDLE session, CK_BYTE* data, CK_ULONG data_len, CK_BYTE* signature, CK_ULONG signature_len))
NOT_HERE(C_VerifyUpdate, (CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len))
NOT_HERE(C_VerifyFinal, (CK_SESSION_HANDLE session, CK_BYTE* signature, CK_ULONG signature_len))
NOT_HERE(C_VerifyRecoverInit, (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key))
NOT_HERE(C_VerifyRecover,
         (CK_SESSION_HANDLE session, CK_BYTE* signature, CK_ULONG signature_len, CK_BYTE* data, CK_ULONG* data_len))
NOT_HERE(C_DigestEncryptUpdate, (CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len, CK_BYTE* encrypted_part,
                                 CK_ULONG* encrypted_part_len))
NOT_HERE(C_DecryptDigestUpdate, (CK_SESSION_HANDLE session, CK_BYTE* encrypted_part, CK_ULONG encrypted_part_len,
                                 CK_BYTE* part, CK_ULONG* part_len))
NOT_HERE(C_SignEncryptUpdate, (CK_SESSION_HANDLE session, CK_BYTE* part, CK_ULONG part_len, CK_BYTE* encrypted_part,
                               CK_ULONG* encrypted_part_len))
NOT_HERE(C_DecryptVerifyUpdate, (CK_SESSION_HANDLE session, CK_BYTE* encrypted_part, CK_ULONG encrypted_part_len,
                                 CK_BYTE* part, CK_ULONG* part_len))
NOT_HERE(C_GenerateKey, (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* templ, CK_ULONG count,
                         CK_OBJECT_HANDLE* key))
NOT_HERE(C_GenerateKeyPair,
         (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* public_key_template,
          CK_ULONG public_key_attribute_count, CK_ATTRIBUTE* private_key_template, CK_ULONG private_key_attribute_count,
          CK_OBJECT_HANDLE* public_key, CK_OBJECT_HANDLE* private_key))
NOT_HERE(C_WrapKey, (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE wrapping_key,
                     CK_OBJECT_HANDLE key, CK_BYTE* wrapped_key, CK_ULONG* wrapped_key_len))
NOT_HERE(C_UnwrapKey,
         (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE unwrapping_key, CK_BYTE* wrapped_key,
          CK_ULONG wrapped_key_len, CK_ATTRIBUTE* templ, CK_ULONG attribute_count, CK_OBJECT_HANDLE* key))
NOT_HERE(C_DeriveKey, (CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE base_key,
                       CK_ATTRIBUTE* templ, CK_ULONG attribute_count, CK_OBJECT_HANDLE* key))
NOT_HERE(C_SeedRandom, (CK_SESSION_HANDLE session, CK_BYTE* seed, CK_ULONG seed_len))
NOT_HERE(C_GenerateRandom, (CK_SESSION_HANDLE session, CK_BYTE* random_data, CK_ULONG random_len))
NOT_HERE(C_GetFunctionStatus, (CK_SESSION_HANDLE session))
NOT_HERE(C_CancelFunction, (CK_SESSION_HANDLE session))

static CK_FUNCTION_LIST list = {{2, 40},
                                C_Initialize,
                                C_Finalize,
                                C_GetInfo,
                                C_GetFunctionList,
                                C_GetSlotList,
                                C_GetSlotInfo,
                                C_GetTokenInfo,
                                C_GetMechanismList,
                                C_GetMechanismInfo,
                                C_InitToken,
                                C_InitPIN,
                                C_SetPIN,
                                C_OpenSession,
                                C_CloseSession,
                                C_CloseAllSessions,
                                C_GetSessionInfo,
                                C_GetOperationState,
                                C_SetOperationState,
                                C_Login,
                                C_Logout,
                                C_CreateObject,
                                C_CopyObject,
                                C_DestroyObject,
                                C_GetObjectSize,
                                C_GetAttributeValue,
                                C_SetAttributeValue,
                                C_FindObjectsInit,
                                C_FindObjects,
                                C_FindObjectsFinal,
                                C_EncryptInit,
                                C_Encrypt,
                                C_EncryptUpdate,
                                C_EncryptFinal,
                                C_DecryptInit,
                                C_Decrypt,
                                C_DecryptUpdate,
                                C_DecryptFinal,
                                C_DigestInit,
                                C_Digest,
                                C_DigestUpdate,
                                C_DigestKey,
                                C_DigestFinal,
                                C_SignInit,
                                C_Sign,
                                C_SignUpdate,
                                C_SignFinal,
                                C_SignRecoverInit,
                                C_SignRecover,
                                C_VerifyInit,
                                C_Verify,
                                C_VerifyUpdate,
                                C_VerifyFinal,
                                C_VerifyRecoverInit,
                                C_VerifyRecover,
                                C_DigestEncryptUpdate,
                                C_DecryptDigestUpdate,
                                C_SignEncryptUpdate,
                                C_DecryptVerifyUpdate,
                                C_GenerateKey,
                                C_GenerateKeyPair,
                                C_WrapKey,
                                C_UnwrapKey,
                                C_DeriveKey,
                                C_SeedRandom,
                                C_GenerateRandom,
                                C_GetFunctionStatus,
                                C_CancelFunction,
                                C_WaitForSlotEvent};

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** into) {
  if (!into) return CKR_ARGUMENTS_BAD;
  *into = &list;
  return CKR_OK;
}
