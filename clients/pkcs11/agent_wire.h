/* Frames between this module and `holdfast agent run` (src/keys/agent/wire.h): a length of four bytes, big endian, and
 * so many bytes: what it is, then fields, each a length and its bytes. Everything that comes in is bounded and checked.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { OP_KEYS = 1, OP_HASH = 2, OP_UPDATE = 3, OP_SIGN = 4 };
enum { STATUS_OK = 0, STATUS_REFUSED = 1, STATUS_NOT_FOUND = 2, STATUS_UNSUPPORTED = 3, STATUS_UNAVAILABLE = 4 };
enum { FRAME_MAX = 1 << 20 };

struct field {
  const uint8_t* bytes;
  size_t size;
};

/* An answer: fields point into `body`, which answer_free() frees. */
struct answer {
  uint8_t status;
  uint8_t* body;
  struct field* fields;
  size_t count;
};

/* A connection to the agent at `path`, or -1. */
int agent_connect(const char* path);
/* 0; -1 if the agent is gone or does not keep to the form. */
int agent_ask(int socket, uint8_t op, const struct field* fields, size_t count, struct answer* answer);
void answer_free(struct answer* answer);
