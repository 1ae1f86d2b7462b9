// One request and its answer on a connection. Internal to connection*.cpp.
#pragma once

#include "net/connection.h"

namespace hf::net {

constexpr std::size_t kChunk = 64 * 1024;  // of what is read or sent at once

struct Connection::Exchange {
  explicit Exchange(const ParserLimits& limits) : parser(limits) {}

  RequestParser parser;
  Request request;
  Response response;
  const Route* route = nullptr;
  bool routed = false;
  bool handled = false;    // by the pipeline, which has logged it
  bool admitting = false;  // a worker asks whether the content may come
  std::optional<Response> refused_early;
  bool head_only = false;
  bool keep_alive = false;
  int version = 11;
  std::uint64_t body_seen = 0;
  // Sending
  std::string out;
  std::size_t sent = 0;
  Framing framing = Framing::length;
  std::uint64_t content_at = 0;
  bool content_done = true;
  bool producer_more = false;
  bool producer_failed = false;
  std::string piece;
};

}  // namespace hf::net
