#include "agent_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LENGTH = 4 };

static void put_length(uint8_t* out, size_t length) {
  out[0] = (uint8_t)(length >> 24);
  out[1] = (uint8_t)(length >> 16);
  out[2] = (uint8_t)(length >> 8);
  out[3] = (uint8_t)length;
}

static size_t length_at(const uint8_t* in) {
  return (size_t)in[0] << 24 | (size_t)in[1] << 16 | (size_t)in[2] << 8 | in[3];
}

static int send_whole(int socket, const uint8_t* bytes, size_t size) {
  while (size > 0) {
    const ssize_t sent = send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return -1;
    bytes += sent;
    size -= (size_t)sent;
  }
  return 0;
}

static int read_whole(int socket, uint8_t* bytes, size_t size) {
  while (size > 0) {
    const ssize_t got = read(socket, bytes, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return -1;
    bytes += got;
    size -= (size_t)got;
  }
  return 0;
}

int agent_connect(const char* path) {
  struct sockaddr_un address;
  const size_t length = strlen(path);
  if (length == 0 || length >= sizeof address.sun_path) return -1;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path, length);
  const int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) return -1;
  if (connect(made, (const struct sockaddr*)&address, sizeof address) == 0) return made;
  close(made);
  return -1;
}

static int send_frame(int socket, uint8_t op, const struct field* fields, size_t count) {
  size_t size = 1;
  for (size_t i = 0; i < count; ++i) {
    if (fields[i].size > FRAME_MAX) return -1;
    size += LENGTH + fields[i].size;
  }
  if (size > FRAME_MAX) return -1;
  uint8_t* frame = malloc(LENGTH + size);
  if (!frame) return -1;
  put_length(frame, size);
  frame[LENGTH] = op;
  uint8_t* at = frame + LENGTH + 1;
  for (size_t i = 0; i < count; ++i) {
    put_length(at, fields[i].size);
    at += LENGTH;
    if (fields[i].size > 0) memcpy(at, fields[i].bytes, fields[i].size);
    at += fields[i].size;
  }
  const int result = send_whole(socket, frame, LENGTH + size);
  free(frame);
  return result;
}

/* Counts the fields first, so that one allocation holds them. */
static int split(struct answer* answer, const uint8_t* body, size_t size) {
  for (int fill = 0; fill < 2; ++fill) {
    size_t count = 0;
    for (size_t at = 1; at < size; ++count) {
      if (size - at < LENGTH) return -1;
      const size_t length = length_at(body + at);
      at += LENGTH;
      if (length > size - at) return -1;
      if (fill) answer->fields[count] = (struct field){body + at, length};
      at += length;
    }
    if (!fill) {
      answer->count = count;
      answer->fields = calloc(count ? count : 1, sizeof *answer->fields);
      if (!answer->fields) return -1;
    }
  }
  return 0;
}

int agent_ask(int socket, uint8_t op, const struct field* fields, size_t count, struct answer* answer) {
  uint8_t length[LENGTH];
  memset(answer, 0, sizeof *answer);
  if (send_frame(socket, op, fields, count) != 0 || read_whole(socket, length, sizeof length) != 0) return -1;
  const size_t size = length_at(length);
  if (size == 0 || size > FRAME_MAX) return -1;
  answer->body = malloc(size);
  if (!answer->body || read_whole(socket, answer->body, size) != 0) {
    answer_free(answer);
    return -1;
  }
  answer->status = answer->body[0];
  if (split(answer, answer->body, size) == 0) return 0;
  answer_free(answer);
  return -1;
}

void answer_free(struct answer* answer) {
  free(answer->fields);
  free(answer->body);
  memset(answer, 0, sizeof *answer);
}
