/* What the parts of the module share. All of it is guarded by `lock`; a function begins with ENTER and ends with LEAVE.
 */
#pragma once

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define CRYPTOKI_EXPORTS 1
#include "objects.h"

enum { SESSIONS_MAX = 256, PIN_MAX_SIZE = 128, FOUND_MAX = 2 * KEYS_MAX, PIECE = 512 << 10, PLAIN_MAX = 512 };

struct session {
  int used, socket; /* of its own: what the agent hashes belongs to a connection */
  CK_FLAGS flags;
  int finding;
  CK_OBJECT_HANDLE found[FOUND_MAX];
  CK_ULONG found_count, found_at;
  int signing, hashing;
  CK_ULONG key;
  CK_MECHANISM_TYPE mechanism;
  uint8_t parameter[12];
  CK_ULONG parameter_size;
  uint8_t plain[PLAIN_MAX]; /* what C_SignUpdate collects where the caller hashes */
  CK_ULONG plain_size;
};

extern pthread_mutex_t lock;
extern pid_t initialized_in; /* a forked child has to initialize anew */
extern struct session sessions[SESSIONS_MAX];
extern struct key keys[KEYS_MAX];
extern CK_ULONG keys_count;
extern char pin[PIN_MAX_SIZE + 1];
extern int logged_in;
extern char agent_path[108];

#define ENTER                            \
  pthread_mutex_lock(&lock);             \
  if (initialized_in != getpid()) {      \
    pthread_mutex_unlock(&lock);         \
    return CKR_CRYPTOKI_NOT_INITIALIZED; \
  }
#define LEAVE(value)               \
  do {                             \
    const CK_RV leaving = (value); \
    pthread_mutex_unlock(&lock);   \
    return leaving;                \
  } while (0)

struct session* session_of(CK_SESSION_HANDLE handle); /* NULL: there is none */
CK_RV load_keys(void);                                /* from the agent; CKR_DEVICE_*: it does not answer */
int signs_with(CK_MECHANISM_TYPE mechanism);
