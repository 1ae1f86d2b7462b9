/* libholdfast-pkcs11.so: a token whose keys are under Holdfast's charters. C_Sign passes the digest to `holdfast agent
 * run`, which signs it under a standing grant (the PIN is the beginning of its digest) or once people have approved it
 * (the PIN is "-"). Nothing else is here: no key, no policy, no network. PKCS #11 2.40. */
#include <stdio.h>
#include <stdlib.h>

#include "module.h"

pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
pid_t initialized_in;
struct session sessions[SESSIONS_MAX];
struct key keys[KEYS_MAX];
CK_ULONG keys_count;
char pin[PIN_MAX_SIZE + 1];
int logged_in;
char agent_path[108];

struct session* session_of(CK_SESSION_HANDLE handle) {
  if (handle == 0 || handle > SESSIONS_MAX || !sessions[handle - 1].used) return NULL;
  return &sessions[handle - 1];
}

static void close_session(struct session* session) {
  if (session->socket >= 0) close(session->socket);
  memset(session, 0, sizeof *session);
  session->socket = -1;
}

static void find_agent(void) {
  const char* named = getenv("HOLDFAST_AGENT");
  const char* runtime = getenv("XDG_RUNTIME_DIR");
  agent_path[0] = 0;
  if (named && *named) snprintf(agent_path, sizeof agent_path, "%s", named);
  else if (runtime && *runtime) snprintf(agent_path, sizeof agent_path, "%s/holdfast-agent", runtime);
}

CK_RV load_keys(void) {
  struct answer answer;
  const int socket = agent_connect(agent_path);
  if (socket < 0) return CKR_DEVICE_REMOVED;
  for (int i = 0; i < SESSIONS_MAX; ++i)
    if (sessions[i].used) { /* whose handles mean the keys as they were */
      close(socket);
      return CKR_OK;
    }
  const int asked = agent_ask(socket, OP_KEYS, NULL, 0, &answer);
  close(socket);
  if (asked != 0) return CKR_DEVICE_ERROR;
  keys_count = answer.status == STATUS_OK ? keys_of(&answer, keys) : 0;
  answer_free(&answer);
  return CKR_OK;
}

CK_RV C_Initialize(void* arguments) {
  (void)arguments; /* threads are always guarded */
  pthread_mutex_lock(&lock);
  if (initialized_in == getpid()) LEAVE(CKR_CRYPTOKI_ALREADY_INITIALIZED);
  for (int i = 0; i < SESSIONS_MAX; ++i) {
    if (initialized_in != 0 && sessions[i].used && sessions[i].socket >= 0)
      close(sessions[i].socket); /* the parent's */
    memset(&sessions[i], 0, sizeof sessions[i]);
    sessions[i].socket = -1;
  }
  initialized_in = getpid();
  logged_in = 0;
  keys_count = 0;
  find_agent();
  LEAVE(CKR_OK);
}

CK_RV C_Finalize(void* reserved) {
  if (reserved) return CKR_ARGUMENTS_BAD;
  ENTER;
  for (int i = 0; i < SESSIONS_MAX; ++i) close_session(&sessions[i]);
  explicit_bzero(pin, sizeof pin);
  logged_in = 0;
  initialized_in = 0;
  LEAVE(CKR_OK);
}

CK_RV C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify, CK_SESSION_HANDLE* handle) {
  (void)application, (void)notify;
  if (!handle) return CKR_ARGUMENTS_BAD;
  ENTER;
  if (slot != 0) LEAVE(CKR_SLOT_ID_INVALID);
  if (!(flags & CKF_SERIAL_SESSION)) LEAVE(CKR_SESSION_PARALLEL_NOT_SUPPORTED);
  const CK_RV loaded = load_keys();
  if (loaded != CKR_OK) LEAVE(CKR_TOKEN_NOT_PRESENT);
  for (CK_ULONG i = 0; i < SESSIONS_MAX; ++i)
    if (!sessions[i].used) {
      sessions[i].used = 1;
      sessions[i].flags = flags;
      *handle = i + 1;
      LEAVE(CKR_OK);
    }
  LEAVE(CKR_SESSION_COUNT);
}

CK_RV C_CloseSession(CK_SESSION_HANDLE handle) {
  ENTER;
  struct session* session = session_of(handle);
  if (!session) LEAVE(CKR_SESSION_HANDLE_INVALID);
  close_session(session);
  int left = 0;
  for (int i = 0; i < SESSIONS_MAX; ++i) left |= sessions[i].used;
  if (!left) logged_in = 0;
  LEAVE(CKR_OK);
}

CK_RV C_CloseAllSessions(CK_SLOT_ID slot) {
  ENTER;
  if (slot != 0) LEAVE(CKR_SLOT_ID_INVALID);
  for (int i = 0; i < SESSIONS_MAX; ++i) close_session(&sessions[i]);
  logged_in = 0;
  LEAVE(CKR_OK);
}

CK_RV C_GetSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO* info) {
  if (!info) return CKR_ARGUMENTS_BAD;
  ENTER;
  const struct session* session = session_of(handle);
  if (!session) LEAVE(CKR_SESSION_HANDLE_INVALID);
  info->slotID = 0;
  /* Tools that always ask for a writing session get one: every function that would write is refused. */
  info->state = session->flags & CKF_RW_SESSION ? (logged_in ? CKS_RW_USER_FUNCTIONS : CKS_RW_PUBLIC_SESSION)
                                                : (logged_in ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION);
  info->flags = session->flags;
  info->ulDeviceError = 0;
  LEAVE(CKR_OK);
}

CK_RV C_Login(CK_SESSION_HANDLE handle, CK_USER_TYPE user, CK_UTF8CHAR* text, CK_ULONG size) {
  ENTER;
  if (!session_of(handle)) LEAVE(CKR_SESSION_HANDLE_INVALID);
  if (user != CKU_USER) LEAVE(CKR_USER_TYPE_INVALID);
  if (logged_in) LEAVE(CKR_USER_ALREADY_LOGGED_IN);
  if (!text || size == 0 || size > PIN_MAX_SIZE) LEAVE(CKR_PIN_LEN_RANGE);
  memcpy(pin, text, size);
  pin[size] = 0;
  logged_in = 1;
  LEAVE(CKR_OK);
}

CK_RV C_Logout(CK_SESSION_HANDLE handle) {
  ENTER;
  if (!session_of(handle)) LEAVE(CKR_SESSION_HANDLE_INVALID);
  if (!logged_in) LEAVE(CKR_USER_NOT_LOGGED_IN);
  logged_in = 0;
  explicit_bzero(pin, sizeof pin);
  LEAVE(CKR_OK);
}
